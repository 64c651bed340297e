package logfile

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"syscall"
)

// Place is a place in the output of a program, which outlives its follower.
type Place struct {
	File   uint64 // its number in the file system
	Offset int64  // in bytes
	Tail   []byte // what is before the offset, some of it: numbers are used again
}

// number returns the number of a file in its file system.
func number(info fs.FileInfo) uint64 {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return s.Ino
	}
	return 0
}

// find goes to a place, or to the beginning if that is not there any more.
func (f *follower) find(p *Place) error {
	parts, err := f.parts()
	if err != nil {
		return err
	}
	for i, part := range parts {
		if part == nil || number(part) != p.File || part.Size() < p.Offset || p.Offset < int64(len(p.Tail)) {
			continue
		}
		file, err := openSame(numbered(f.path, i), part)
		if err != nil {
			return err
		}
		if file == nil { // it was rotated just now
			return f.find(p)
		}
		tail := make([]byte, len(p.Tail))
		if _, err = file.ReadAt(tail, p.Offset-int64(len(tail))); err == nil && bytes.Equal(tail, p.Tail) {
			f.current = file
			_, err = file.Seek(p.Offset, io.SeekStart)
			return err
		}
		if err := errors.Join(err, file.Close()); err != nil {
			return err
		}
	}
	return nil
}
