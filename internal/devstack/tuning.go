package devstack

import (
	"strconv"
	"time"

	"github.com/longhaul/longhaul/contract"
)

// Retention is how long a closed workflow can be looked at in the dev server. Its own default is a day, which is less
// than the week that an export's file lives.
const Retention = 720 * time.Hour

// dynamicConfig tunes the server for a stack on one machine. Its defaults are those of a cluster of many shards; with
// the dev server's one shard they make every step wait.
var dynamicConfig = []string{
	// One partition instead of four: with few pollers, tasks wait in partitions that nobody polls at the moment, and a
	// queue's rate limit comes in bursts.
	"matching.numTaskqueueReadPartitions=1",
	"matching.numTaskqueueWritePartitions=1",
	// 20 polls a second on one shard by default, that is 50 ms for each step of each workflow.
	"history.transferProcessorMaxPollRPS=1000",
	"history.timerProcessorMaxPollRPS=1000",
	"history.visibilityProcessorMaxPollRPS=200",
	// Timers are rounded to this: at its 1 s, a retry after 100 ms comes after a second.
	`history.timerProcessorMaxTimeShift="20ms"`,
	// Without it, priority and fairness keys are ignored without a word.
	"matching.enableFairness=true",
	// A worker that hangs (stopped, swapped out) keeps its polls open, and a task that goes to one of them is lost for
	// as long as its timeout. Its connection is closed when it does not answer a ping: after 20 s instead of 70.
	`frontend.keepAliveTime="10s"`,
}

// args is the command line of the dev server.
func (o Options) args() []string {
	args := []string{"server", "start-dev", "--ip", loopback, "--port", strconv.Itoa(o.Port),
		"--namespace", o.Namespace, "--color", "never", "--log-level", "warn"}
	if o.Headless {
		args = append(args, "--headless")
	} else {
		args = append(args, "--ui-port", strconv.Itoa(o.UIPort))
	}
	if o.DBFile != "" {
		// Measured: half the time a step takes on the default journal, and no loss when the server is killed.
		args = append(args, "--db-filename", o.DBFile,
			"--sqlite-pragma", "journal_mode=WAL", "--sqlite-pragma", "synchronous=NORMAL")
	}
	for _, attribute := range contract.SearchAttributes {
		args = append(args, "--search-attribute", attribute.GetName()+"="+attribute.GetValueType().String())
	}
	for _, value := range dynamicConfig {
		args = append(args, "--dynamic-config-value", value)
	}
	return args
}
