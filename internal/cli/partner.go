package cli

import (
	"fmt"

	"github.com/longhaul/longhaul/internal/partner/fake"
)

type partnerCommand struct {
	Addr  string `default:"127.0.0.1:8090" placeholder:"HOST:PORT" help:"Where it listens."`
	Token string `env:"LONGHAUL_FAKE_PARTNER_TOKEN" help:"Ask callers for this bearer token. Default: for none."`

	Behaviour fake.Behaviour `embed:"" group:"Behaviour"`
}

// Run runs a made-up partner until it is interrupted: a marketplace and a carrier in one, to develop and test against.
func (c *partnerCommand) Run(s *invocation) error {
	running, err := fake.Listen(s, c.Addr, fake.Options{Behaviour: c.Behaviour, Token: c.Token, Logger: s.config.Logger(s.log)})
	if err != nil {
		return fmt.Errorf("run a made-up partner at %s: %w", c.Addr, err)
	}
	defer running.Close()
	err = s.print(map[string]string{"url": running.URL}, func() {
		fmt.Fprintf(s.out, "made-up partner  %s\n", running.URL)
		fmt.Fprintf(s.out, "what it saw      %s/_seen\n", running.URL)
		fmt.Fprintf(s.out, "how it behaves   %s/_behaviour (GET, PUT, PATCH)\n\n", running.URL)
		fmt.Fprintf(s.out, "export LONGHAUL_PARTNER_MARKETPLACE_URL=%[1]s LONGHAUL_PARTNER_CARRIER_URL=%[1]s LONGHAUL_PARTNER_ALLOW_PRIVATE=1\n", running.URL)
	})
	if err != nil {
		return err
	}
	<-s.Done()
	return nil
}
