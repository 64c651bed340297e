// Package executor is for those who write executors.
package executor
