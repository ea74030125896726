package config

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/partner"
)

const (
	partnerPrefix       = "LONGHAUL_PARTNER_"
	allowPrivateName    = "LONGHAUL_PARTNER_ALLOW_PRIVATE"
	partnersFileName    = "LONGHAUL_PARTNERS_FILE"
	partnerNameAndParts = "LONGHAUL_PARTNER_<NAME>_"
)

// Partner is an outside system as it is configured.
type Partner struct {
	partner.Settings
	// Calls are its own protocols by kind, for [dataset.Sync.WithCall]. They may be used at the same time.
	Calls map[string]func(*dataset.Call) error
}

// partnerKeys are the settings of a partner by their names in a file. In the environment they are in capitals.
var partnerKeys = []string{
	"url", "auth", "token", "key_id", "max_in_flight", "interval", "rate", "daily_quota", "quota_reset", "timeout",
	"idempotency_header",
}

// given is a setting as it is written, and where.
type given struct {
	value, place string
}

// draft is a partner before its settings are understood.
type draft struct {
	name    string
	table   string // its place in a file; empty: there is none
	given   map[string]given
	classes map[string]given
	calls   map[string]func(*dataset.Call) error
	// tokens are where the token is said to be: in the file, in another one or in a variable.
	tokens map[string]given
}

func newDraft(name string) *draft {
	return &draft{name: name, given: make(map[string]given), classes: make(map[string]given), tokens: make(map[string]given)}
}

// Partners reads the partners' settings from the environment (as of [os.Environ]) and a TOML file (empty: none), whose
// settings those of the environment replace one by one. They are sorted by name. The error tells everything that is wrong,
// each with its variable or its place in the file, and never a token.
func Partners(environ []string, file string) ([]Partner, error) {
	drafts := make(map[string]*draft)
	if file != "" {
		if err := readPartnersFile(file, drafts); err != nil {
			return nil, fmt.Errorf("%s: %w", partnersFileName, err)
		}
	}
	variables := asMap(environ)
	allowPrivate, err := allowsPrivate(variables)
	all := []error{err, readPartnerVariables(variables, drafts)}
	var partners []Partner
	for _, name := range slices.Sorted(maps.Keys(drafts)) {
		p, err := drafts[name].finish(variables, file, allowPrivate)
		all = append(all, err)
		partners = append(partners, p)
	}
	if err := errors.Join(all...); err != nil {
		return nil, err
	}
	return partners, nil
}

// Partners reads the partners of the environment and of the file that is configured.
func (c Config) Partners(environ []string) ([]Partner, error) {
	return Partners(environ, c.PartnersFile)
}

// asMap leaves out what is empty: to a container's definition that is the same as not set.
func asMap(environ []string) map[string]string {
	variables := make(map[string]string, len(environ))
	for _, pair := range environ {
		if name, value, found := strings.Cut(pair, "="); found && value != "" {
			variables[name] = value
		}
	}
	return variables
}

func allowsPrivate(variables map[string]string) (bool, error) {
	value, found := variables[allowPrivateName]
	if !found {
		return false, nil
	}
	allowed, err := strconv.ParseBool(value)
	if err != nil {
		return false, fmt.Errorf("%s: must be 1 or 0", allowPrivateName)
	}
	return allowed, nil
}

func readPartnerVariables(variables map[string]string, drafts map[string]*draft) error {
	var all []error
	for _, variable := range slices.Sorted(maps.Keys(variables)) {
		rest, found := strings.CutPrefix(variable, partnerPrefix)
		if !found || variable == allowPrivateName || isServiceLink(rest) {
			continue
		}
		name, key := splitVariable(rest)
		if key == "" {
			all = append(all, fmt.Errorf("%s: is no setting of a partner; %s is followed by %s", variable, partnerNameAndParts,
				strings.ToUpper(strings.Join(partnerKeys, ", "))))
			continue
		}
		d := drafts[name]
		if d == nil {
			d = newDraft(name)
			drafts[name] = d
		}
		d.given[key] = given{variables[variable], variable}
	}
	return errors.Join(all...)
}

// splitVariable splits MY_SHOP_MAX_IN_FLIGHT into my-shop and max_in_flight.
func splitVariable(rest string) (name, key string) {
	for _, k := range partnerKeys {
		if before, found := strings.CutSuffix(rest, "_"+strings.ToUpper(k)); found && before != "" && len(k) > len(key) {
			name, key = strings.ToLower(strings.ReplaceAll(before, "_", "-")), k
		}
	}
	return name, key
}

// isServiceLink tells the variables that Kubernetes sets in every container for a service named longhaul-partner.
func isServiceLink(rest string) bool {
	return rest == "SERVICE_HOST" || rest == "PORT" || strings.HasPrefix(rest, "SERVICE_PORT") || strings.HasPrefix(rest, "PORT_")
}

// place is where a setting is written, or where it could be.
func (d *draft) place(key string) string {
	if g, found := d.given[key]; found {
		return g.place
	}
	if status, found := strings.CutPrefix(key, "classes."); found {
		return d.classes[status].place
	}
	for _, token := range d.tokens { // there is one, or it would have been told
		if key == "token" {
			return token.place
		}
	}
	if d.table != "" {
		return d.table + "." + key
	}
	return partnerPrefix + strings.ToUpper(strings.ReplaceAll(d.name, "-", "_")+"_"+key)
}
