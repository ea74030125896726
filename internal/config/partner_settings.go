package config

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/longhaul/longhaul/internal/pace"
	"github.com/longhaul/longhaul/internal/partner"
)

// maxTokenFile is more than any token has; a wrong path may name a disk.
const maxTokenFile = 64 << 10

// finish understands the settings and checks them.
func (d *draft) finish(variables map[string]string, file string, allowPrivate bool) (Partner, error) {
	var all []error
	// read calls parse with a setting that is there.
	read := func(key string, parse func(string) error) {
		if g, found := d.given[key]; found {
			if err := parse(g.value); err != nil {
				all = append(all, fmt.Errorf("%s: %w", g.place, err))
			}
		}
	}
	s := partner.Settings{Name: d.name, AllowPrivate: allowPrivate}
	token, err := d.token(variables, file)
	if err != nil {
		all = append(all, err)
	}
	s.Auth.Token = partner.NewSecret(token)
	if token != "" {
		s.Auth.Scheme = partner.AuthBearer
	}
	l := &s.Limits
	read("url", text(&s.URL))
	read("auth", func(v string) error {
		scheme, header, named := strings.Cut(v, ":")
		s.Auth.Scheme, s.Auth.Header = scheme, header
		if named && header == "" {
			return errors.New("has no name behind the colon")
		}
		return nil
	})
	read("key_id", text(&s.Auth.KeyID))
	read("max_in_flight", func(v string) (err error) { l.MaxInFlight, err = number(v, 1); return err })
	read("interval", func(v string) (err error) { l.Interval, err = interval(v); return err })
	read("rate", func(v string) (err error) { l.Rate, err = rate(v); return err })
	read("daily_quota", func(v string) error {
		n, err := number(v, 0)
		l.DailyQuota = int64(n)
		return err
	})
	read("quota_reset", func(v string) (err error) { l.QuotaReset, l.Zone, err = timeOfDay(v); return err })
	read("timeout", func(v string) (err error) { s.Timeout, err = duration(v); return err })
	read("idempotency_header", text(&s.IdempotencyHeader))
	s.Classes, err = d.readClasses()
	all = append(all, err)
	if err := errors.Join(all...); err != nil {
		return Partner{}, err // what is not understood is not checked either
	}
	return Partner{Settings: s, Calls: d.calls}, d.locate(s.Validate())
}

// locate puts the place of each setting before what is wrong with it.
func (d *draft) locate(err error) error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return err
	}
	var all []error
	for _, err := range joined.Unwrap() {
		var wrong *partner.SettingError
		if errors.As(err, &wrong) && wrong.Key == "name" {
			err = fmt.Errorf("the partner %q: name: %w", d.name, wrong.Err)
		} else if errors.As(err, &wrong) {
			err = fmt.Errorf("%s: %w", d.place(wrong.Key), wrong.Err)
		}
		all = append(all, err)
	}
	return errors.Join(all...)
}

// token looks where the token is said to be. The environment comes before the file, which may name one place only.
func (d *draft) token(variables map[string]string, file string) (string, error) {
	if g, found := d.given["token"]; found {
		return g.value, nil
	}
	if len(d.tokens) > 1 {
		keys := slices.Sorted(maps.Keys(d.tokens))
		return "", fmt.Errorf("%s: only one of %s may be given", d.tokens[keys[0]].place, strings.Join(keys, ", "))
	}
	if g, found := d.tokens["token"]; found {
		return g.value, nil
	}
	if g, found := d.tokens["token_env"]; found {
		if variables[g.value] == "" {
			return "", fmt.Errorf("%s: the variable %s is not set", g.place, g.value)
		}
		return variables[g.value], nil
	}
	if g, found := d.tokens["token_file"]; found {
		token, err := readToken(g.value, file)
		if err != nil {
			return "", fmt.Errorf("%s: %w", g.place, err)
		}
		return token, nil
	}
	return "", nil
}

// readToken reads a file that holds a token and nothing else. Its path is relative to the file that names it.
func readToken(path, from string) (string, error) {
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(from), path)
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxTokenFile+1))
	if err != nil {
		return "", err
	}
	token := strings.TrimSpace(string(content))
	if token == "" || len(content) > maxTokenFile {
		return "", fmt.Errorf("%s holds no token", path)
	}
	return token, nil
}

func (d *draft) readClasses() (map[int]partner.Class, error) {
	if len(d.classes) == 0 {
		return nil, nil
	}
	classes := make(map[int]partner.Class, len(d.classes))
	var all []error
	for _, status := range slices.Sorted(maps.Keys(d.classes)) {
		g := d.classes[status]
		n, err := strconv.Atoi(status)
		if err != nil {
			all = append(all, fmt.Errorf("%s: is no status", g.place))
		}
		classes[n] = partner.Class(g.value)
	}
	return classes, errors.Join(all...)
}

func text(to *string) func(string) error {
	return func(v string) error { *to = v; return nil }
}

func number(v string, least int) (int, error) {
	n, err := strconv.Atoi(v)
	if err != nil {
		return 0, errors.New("is no whole number")
	}
	if n < least {
		return 0, fmt.Errorf("%d is below %d", n, least)
	}
	return n, nil
}

func duration(v string) (time.Duration, error) {
	d, err := time.ParseDuration(v)
	if err != nil || d < 0 {
		return 0, errors.New("is no duration such as 500ms or 1m30s")
	}
	return d, nil
}

// interval reads 0 as none, which [pace.Limits] writes as less than zero.
func interval(v string) (time.Duration, error) {
	d, err := duration(v)
	if err == nil && d == 0 {
		return -1, nil
	}
	return d, err
}

// rate reads 600/1m, and 5/s. 0 is none.
func rate(v string) (pace.Rate, error) {
	if v == "0" {
		return pace.Rate{}, nil
	}
	count, per, _ := strings.Cut(v, "/")
	if strings.HasPrefix(per, "s") || strings.HasPrefix(per, "m") || strings.HasPrefix(per, "h") {
		per = "1" + per
	}
	n, err := strconv.Atoi(count)
	d, err2 := time.ParseDuration(per)
	if err != nil || err2 != nil || n < 1 || d <= 0 {
		return pace.Rate{}, errors.New("is no rate such as 600/1m")
	}
	return pace.Rate{Count: n, Per: d}, nil
}

// timeOfDay reads 09:00 Asia/Seoul; without a zone it is in UTC.
func timeOfDay(v string) (time.Duration, *time.Location, error) {
	clock, name, _ := strings.Cut(strings.TrimSpace(v), " ")
	at, err := time.Parse("15:04", clock)
	if err != nil {
		return 0, nil, errors.New("is no time of day such as 09:00 Asia/Seoul")
	}
	zone, err := time.LoadLocation(strings.TrimSpace(name))
	if err != nil || zone == time.Local { // Local is another on each machine
		return 0, nil, fmt.Errorf("%q is no time zone such as Asia/Seoul", strings.TrimSpace(name))
	}
	return time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute, zone, nil
}
