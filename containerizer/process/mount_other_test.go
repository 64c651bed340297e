//go:build !linux

package process

import "testing"

func mountTmpfs(t *testing.T, _ string) {
	t.Helper()
	t.Skip("bind mounts are Linux's")
}
