package mariadb

import (
	"fmt"
	"os"
	"os/exec"
)

// MySQLEnv names the environment variable with the path of a mysqld, of MySQL 8.0.30 or later, that runs in place of
// mariadbd: tests and benchmarks can so be run on either.
const MySQLEnv = "LONGHAUL_MYSQLD"

// product is what MariaDB's and MySQL's servers do each in their own way.
type product struct {
	server     string // its path
	installer  string // the path of what makes the system tables
	installing []string
	running    []string
	logSize    string // the option for the size of InnoDB's log
}

func installed() (product, error) {
	if path := os.Getenv(MySQLEnv); path != "" {
		return mySQL(path)
	}
	p := product{
		installing: []string{"--auth-root-authentication-method=normal", "--skip-test-db"},
		running:    []string{"--skip-name-resolve"},
		logSize:    "--innodb-log-file-size",
	}
	var err error
	if p.server, err = find("mariadbd"); err == nil {
		p.installer, err = find("mariadb-install-db")
	}
	return p, err
}

// mySQL resolves names: its only root is root@localhost, which 127.0.0.1 is not otherwise.
func mySQL(path string) (product, error) {
	if _, err := exec.LookPath(path); err != nil {
		return product{}, fmt.Errorf("%s: %w", MySQLEnv, err)
	}
	const noFiles = "--secure-file-priv=NULL" // the directory that it was built with may not exist
	return product{
		server:     path,
		installer:  path,
		installing: []string{"--initialize-insecure", noFiles},
		running: []string{
			noFiles,
			"--mysqlx=OFF",      // a second port, the same for all servers
			"--local-infile=ON", // as MariaDB has it by default
		},
		logSize: "--innodb-redo-log-capacity",
	}, nil
}
