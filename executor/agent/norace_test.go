//go:build !race

package agent_test

const racing = false
