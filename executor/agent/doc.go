// Package agent is the agent: it runs the tasks of a master on this machine.
package agent
