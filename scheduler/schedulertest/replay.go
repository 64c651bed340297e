package schedulertest

import (
	"errors"
	"io"
	"strings"
)

// Replay runs a program on a cluster of its own and returns everything that
// happened as text, a line each: what Config.Trace would be written. The same
// program with the same Config gives the same text, byte for byte, so that a
// failure is repeated by its seed, and the text can be kept as a golden file.
//
// The error is that of the program, or else what was violated.
func Replay(cfg Config, program func(c *Cluster) error) (trace string, err error) {
	var text strings.Builder
	if cfg.Trace == nil {
		cfg.Trace = &text
	} else {
		cfg.Trace = io.MultiWriter(&text, cfg.Trace)
	}
	c, err := New(cfg)
	if err != nil {
		return text.String(), err
	}
	defer func() { // also when a callback panics
		err = errors.Join(err, c.Close())
		trace = text.String()
	}()
	if err := program(c); err != nil {
		return "", err
	}
	return "", c.Err()
}
