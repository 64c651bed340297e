package logfile

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"sync"
	"syscall"
)

// Config describes a rotated file.
type Config struct {
	Path     string
	MaxBytes int64 // no file becomes larger; at least 1
	MaxFiles int   // how many files are kept, the current one included; at least 1
}

func (c *Config) validate() error {
	var errs []error
	if c.Path == "" {
		errs = append(errs, errors.New("path is empty"))
	}
	if c.MaxBytes < 1 {
		errs = append(errs, fmt.Errorf("max bytes %d: want at least 1", c.MaxBytes))
	}
	if c.MaxFiles < 1 {
		errs = append(errs, fmt.Errorf("max files %d: want at least 1", c.MaxFiles))
	}
	return errors.Join(errs...)
}

// Writer appends to a rotated file. Write and Close are for one goroutine;
// Dropped may be called from any.
type Writer struct {
	cfg  Config
	file *os.File // nil when it could not be opened
	size int64

	mu      sync.Mutex
	dropped int64
}

// NewWriter opens the file, continuing one that exists.
func NewWriter(cfg Config) (*Writer, error) {
	if err := cfg.validate(); err != nil {
		return nil, fmt.Errorf("logfile: %w", err)
	}
	w := &Writer{cfg: cfg}
	if err := w.open(); err != nil {
		return nil, fmt.Errorf("logfile: %w", err)
	}
	return w, nil
}

// Write appends p and returns len(p) and no error, always.
func (w *Writer) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		part := w.fitting(rest)
		if len(part) == 0 {
			if w.rotate() != nil {
				w.drop(len(rest))
				break
			}
			continue
		}
		n, err := w.file.Write(part)
		w.size += int64(n)
		if err != nil {
			w.drop(len(rest) - n)
			break
		}
		rest = rest[n:]
	}
	return len(p), nil
}

// fitting returns the beginning of p that belongs into the current file. Lines
// are kept in one piece unless a line is larger than a file.
func (w *Writer) fitting(p []byte) []byte {
	room := w.cfg.MaxBytes - w.size
	if w.file == nil || room <= 0 {
		return nil
	}
	if int64(len(p)) <= room {
		return p
	}
	if i := bytes.LastIndexByte(p[:room], '\n'); i >= 0 {
		return p[:i+1]
	}
	if w.size > 0 && int64(bytes.IndexByte(p, '\n')) < w.cfg.MaxBytes {
		return nil
	}
	return p[:room]
}

// Dropped returns how many bytes could not be written so far.
func (w *Writer) Dropped() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.dropped
}

func (w *Writer) drop(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dropped += int64(n)
}

// Close closes the current file.
func (w *Writer) Close() error {
	if w.file == nil {
		return nil
	}
	err := w.file.Close()
	w.file = nil
	return err
}

// rotate gives every file the next number, the oldest first so that a follower
// meets each file under exactly one name, and opens a new one.
func (w *Writer) rotate() error {
	if w.file != nil && w.size > 0 {
		if err := shift(w.cfg.Path, w.cfg.MaxFiles); err != nil {
			return err
		}
		_ = w.file.Close() // nothing is buffered: there is nothing to lose
		w.file = nil
	}
	return w.open()
}

func shift(path string, files int) error {
	if files == 1 {
		return ignoreMissing(os.Remove(path))
	}
	for i := files - 2; i >= 0; i-- {
		if err := ignoreMissing(os.Rename(numbered(path, i), numbered(path, i+1))); err != nil {
			return err
		}
	}
	return nil
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// open opens the current file. The directory may belong to somebody who is
// not trusted, so neither a link is followed nor a pipe waited for.
func (w *Writer) open() error {
	f, err := os.OpenFile(w.cfg.Path, os.O_WRONLY|os.O_CREATE|os.O_APPEND|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0o644)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a regular file", w.cfg.Path)
	}
	if err != nil {
		return errors.Join(err, f.Close())
	}
	w.file, w.size = f, info.Size()
	return nil
}

func numbered(path string, i int) string {
	if i == 0 {
		return path
	}
	return path + "." + strconv.Itoa(i)
}
