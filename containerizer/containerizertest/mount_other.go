//go:build !linux

package containerizertest

import "testing"

func mountSmall(t *testing.T, _ string, _ int) {
	t.Helper()
	t.Skip("mounting a small file system takes Linux")
}
