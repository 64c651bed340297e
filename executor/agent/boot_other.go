//go:build !linux && !darwin

package agent

import (
	"errors"
	"time"
)

// boot fails: without it, a restart of the machine would be taken for one of
// the agent.
func boot() (id string, uptime time.Duration, err error) {
	return "", 0, errors.New("a checkpoint takes Linux or macOS, which tell whether the machine was restarted")
}
