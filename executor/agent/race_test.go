//go:build race

package agent_test

// racing is whether the tests, and the agents that they kill, run under the
// race detector, which takes its time.
const racing = true
