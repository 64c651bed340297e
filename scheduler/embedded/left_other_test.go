//go:build !linux

package embedded_test

const victimEnv = "PROFFER_TEST_VICTIM"

func victim() {}
