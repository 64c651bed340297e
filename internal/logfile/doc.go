// Package logfile writes the output of programs to files that rotate, and
// follows such files.
//
// A [Writer] never fails and never blocks its caller on anything but the disk
// itself: what cannot be written is dropped and counted. Files rotate by size:
// the current one is path, older ones are path.1, path.2 and so on; a rotated
// file is never written again. [Follow] reads them in order, from another
// process if need be: it needs nothing from the writer but the files.
//
// There are no goroutines here.
package logfile
