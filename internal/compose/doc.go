// Package compose holds no code, but the tests of docker-compose.yml and of what it mounts. They need no Docker: the
// file is read by the library that docker compose itself reads it with.
package compose
