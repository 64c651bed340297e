// Package resources has the values that a cluster scheduler deals in: amounts
// of CPU and memory, ports, disks, what they are reserved for, and exact
// arithmetic on them.
package resources
