package imports

// rule says what one package may import besides the standard library.
type rule struct {
	// own lists the packages of this module, by folder; "*" allows all that is not for tests.
	own []string
	// libraries lists the allowed prefixes of third-party import paths; nil allows all, empty none.
	libraries []string
}

var (
	none     = []string{}
	temporal = []string{"go.temporal.io/sdk", "go.temporal.io/api"}
	all      = []string{"*"}
)

// rules has a row for every package; a package without one fails the test. They bind what is compiled into the program:
// test files may import anything.
//
// Two rows carry the design. workflows never sees the catalogue: a page size read there would change under a running
// execution at the next deploy, and its replay would fail. And the adapters never see each other, so that each can be
// replaced, and tested, alone.
var rules = map[string]rule{
	// The core.
	"job":       {libraries: none},
	"contract":  {own: []string{"job"}, libraries: temporal},
	"workflows": {own: []string{"job", "contract"}, libraries: temporal},

	// The kit for kinds and the kinds.
	"dataset": {own: []string{"job", "internal/sheet", "internal/target", "internal/upload"}},
	"catalog": {own: []string{"job", "dataset", "internal/sheet", "internal/target"}},

	// The language in which a kind says where its rows go, and the store carries it out.
	"internal/target": {own: []string{"job"}, libraries: []string{"github.com/klauspost/compress"}},

	// When a partner may be called: the store keeps its state, the calls ask for their turn.
	"internal/pace": {own: []string{"job"}},

	// The adapters: job and a library each.
	"internal/store":   {own: []string{"job", "internal/target", "internal/pace"}},
	"internal/upload":  {own: []string{"job"}},
	"internal/blob":    {own: []string{"job"}},
	"internal/sheet":   {own: []string{"job"}},
	"internal/notify":  {own: []string{"job"}},
	"internal/partner": {own: []string{"job", "internal/pace"}},

	// What runs jobs.
	"activities": {own: []string{"job", "contract", "dataset",
		"internal/store", "internal/blob", "internal/sheet", "internal/target", "internal/upload", "internal/notify", "internal/pace", "internal/partner"}},
	"worker": {own: []string{"job", "contract", "dataset", "workflows", "activities"}},

	// What starts and shows them.
	"starter": {own: []string{"job", "contract", "dataset", "internal/store", "internal/blob", "internal/upload", "internal/pace", "internal/partner"}},
	"api":     {own: []string{"job", "contract", "dataset", "starter", "internal/blob", "web"}},
	"web":     {libraries: none},

	// What puts the program together.
	"":                              {own: []string{"internal/cli"}},
	"internal/cli":                  {own: all},
	"internal/bench":                {own: all},
	"internal/compose":              {libraries: none},
	"internal/config":               {own: []string{"job", "dataset", "internal/pace", "internal/partner"}},
	"internal/seed":                 {own: []string{"job", "internal/store"}},
	"internal/devstack":             {own: []string{"job", "contract"}},
	"internal/devstack/temporalcli": {own: []string{"internal/devstack"}, libraries: none},
	"internal/mariadb":              {},
	"internal/imports":              {libraries: none},
	"internal/e2e":                  {own: all},
	// A partner for demo, development and tests. What serves customers never imports it.
	"internal/partner/fake": {own: []string{"job"}},
}

// forTests are packages that only tests may import, and the packages that they may import.
var forTests = map[string]rule{
	"internal/testenv":       {own: all},
	"internal/blob/blobtest": {own: []string{"job", "internal/blob"}},
}

// namesThatSayNothing may not be the name of a folder or of a file (without .go, _test and build suffixes).
var namesThatSayNothing = map[string]bool{
	"util": true, "utils": true, "helper": true, "helpers": true, "manager": true, "misc": true, "common": true,
}

// maxLines is the length of a file at which it has become two.
const maxLines = 500
