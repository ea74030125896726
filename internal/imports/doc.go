// Package imports holds no code, but the tests that hold the architecture: who may import whom, how long a file may
// get, and which names say nothing. The rules are a table in rules_test.go; a new package needs a row there.
package imports
