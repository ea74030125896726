package mariadb

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
)

// install makes the system tables, unless they are there.
func (s *Server) install(ctx context.Context) error {
	if _, err := os.Stat(filepath.Join(s.data(), "mysql")); err == nil {
		return nil
	}
	args := append(asRoot("--no-defaults"), "--datadir="+s.data())
	cmd := exec.CommandContext(ctx, s.product.installer, append(args, s.product.installing...)...)
	cmd.Env = append(os.Environ(), "TMPDIR="+s.tmp())
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("set up mariadb in %s: %w\n%s", s.opts.Dir, err, tail(out))
	}
	return nil
}

// asRoot adds --user=root for root, without which the server refuses to run as root.
func asRoot(args ...string) []string {
	if os.Geteuid() == 0 {
		args = append(args, "--user=root")
	}
	return args
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// find looks on PATH and in sbin, which is not on everybody's PATH.
func find(name string) (string, error) {
	for _, candidate := range []string{name, "/usr/sbin/" + name, "/usr/local/sbin/" + name} {
		if path, err := exec.LookPath(candidate); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("find %s: %w", name, ErrNotInstalled)
}
