// Package tools pins the tools of this project, in a module of their own so
// that no importer of the library ever sees them. "go tool -modfile" runs them;
// see the Makefile.
package tools
