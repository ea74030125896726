package starter

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCronIsWrittenOutForTemporal(t *testing.T) {
	t.Parallel()
	for given, want := range map[string][]string{
		"* * * * *":                 {"* * * * *"},
		"30 6 * * mon-fri":          {"30 6 * * 1,2,3,4,5"},
		"  0,30\t9-17/4  1 jan *":   {"0,30 9,13,17 1 1 *"},
		"*/20 0 * * *":              {"0,20,40 0 * * *"},
		"0 0 * FEB-Apr SUN":         {"0 0 * 2,3,4 0"},
		"0 0 * * 7":                 {"0 0 * * 0"},
		"0 0 * * 5-7":               {"0 0 * * 0,5,6"},
		"0 0 * * fri-sun":           {"0 0 * * 0,5,6"},
		"0 0 * * */2":               {"0 0 * * 0,2,4,6"},
		"0 0 29 2 *":                {"0 0 29 2 *"},
		"0 0 30-31 2,3 *":           {"0 0 30,31 2,3 *"},
		"05 05 5 5 *":               {"5 5 5 5 *"},
		"0 9 13 * fri":              {"0 9 13 * *", "0 9 * * 5"}, // as in a crontab: the 13th, and Fridays
		"0 9 31 2 fri":              {"0 9 31 2 *", "0 9 * 2 5"},
		"0 9 */2 * fri":             {"0 9 1,3,5,7,9,11,13,15,17,19,21,23,25,27,29,31 * 5"}, // beginning with *: both
		"59 23 31 12 0,1,2,3,4,5,6": {"59 23 31 12 *", "59 23 * 12 0,1,2,3,4,5,6"},
	} {
		c, err := parseCron(given)
		require.NoError(t, err, given)
		comment := " # " + strings.Join(strings.Fields(given), " ")
		for i := range want {
			want[i] += comment
		}
		require.Equal(t, want, c.expressions(), given)
	}
}

func TestCronRefuses(t *testing.T) {
	t.Parallel()
	for given, says := range map[string]string{
		"":                               "five fields are required",
		"0 0 * *":                        "it has 4 fields, not five",
		"0 0 0 * * *":                    "it has 6 fields, not five",
		"@daily":                         "shorthands such as @daily and @every are not read",
		"@every 5m":                      "shorthands such as @daily and @every are not read",
		"CRON_TZ=UTC 0 0 * * *":          "time_zone",
		"60 * * * *":                     `minute: "60" is not a number from 0 to 59`,
		"* 24 * * *":                     `hour: "24" is not a number from 0 to 23`,
		"* * 0 * *":                      `day: "0" is not a number from 1 to 31`,
		"* * * 13 *":                     `month: "13" is not a number from 1 to 12 or a name such as feb`,
		"* * * * 8":                      `weekday: "8" is not a number from 0 to 7 or a name such as mon`,
		"* * * * monday":                 `weekday: "monday" is not a number`,
		"-1 * * * *":                     `minute: "" is not a number`,
		"+1 * * * *":                     `minute: "+1" is not a number`,
		"1- * * * *":                     `minute: "" is not a number`,
		"1,,2 * * * *":                   `minute: "" is not a number`,
		"30-10 * * * *":                  "minute: the range 30-10 runs backwards",
		"*/0 * * * *":                    `minute: the step "0" is not a number from 1`,
		"*/x * * * *":                    `minute: the step "x" is not a number from 1`,
		"5/15 * * * *":                   "minute: a step needs a range or *: 5-59/15",
		"* * L * *":                      `day: "L" is not a number`,
		"* * ? * *":                      `day: "?" is not a number`,
		"* * * * 5#2":                    `weekday: "5#2" is not a number`,
		"0 0 31 2 *":                     "it never happens",
		"0 0 31 feb,apr,jun *":           "it never happens",
		"0 0 30 2 */2":                   "it never happens",
		"0 0 * * * # note":               "it has 7 fields",
		strings.Repeat("0", 201):         "it is longer than 200 characters",
		"9999999999999999999 * * * *":    "is not a number from 0 to 59",
		"*/99999999999999999999 * * * *": "is not a number from 1",
	} {
		_, err := parseCron(given)
		require.ErrorContains(t, err, says, given)
	}
}

// A step as large as an int must not run around.
func TestCronStepBeyondTheEnd(t *testing.T) {
	t.Parallel()
	c, err := parseCron("1-59/9223372036854775807 * * * *")
	require.NoError(t, err)
	require.Equal(t, []int{1}, c.fields[0].values)
}

func FuzzCron(f *testing.F) {
	for _, seed := range []string{"*/5 1-3,7 * jan mon-fri", "0 0 31 2 *", "@daily", "1/2 * * * 7-7/3"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parseCron(text)
		if err != nil {
			return
		}
		for _, e := range c.expressions() {
			written, _, _ := strings.Cut(e, " # ")
			for i, field := range strings.Fields(written) {
				again, err := parseCronField(i, field)
				require.NoError(t, err, "what is written can be read")
				require.Contains(t, [][]int{c.fields[i].values, whole(i)}, again.values)
			}
		}
	})
}

// whole is the set of *.
func whole(i int) []int {
	f, _ := parseCronField(i, "*")
	return f.values
}
