// Package bolt is the registry of a master that has no other: a bbolt file.
// It needs nothing installed.
//
//	r, err := bolt.Open(filepath.Join(dir, "registry.db"))
//
// One process uses the file at a time; a lock of the kernel's, on the file
// beside it that ends in ".lock", goes with the process however it ends. A file
// that is torn or damaged anywhere is found out by Open or Load, which name
// it. To copy the file, close it first.
//
// There are no goroutines here.
package bolt
