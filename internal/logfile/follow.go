package logfile

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/proffer-go/proffer/internal/clock"
)

// pollInterval is how often a follower that has read everything looks again.
const pollInterval = 100 * time.Millisecond

// FollowConfig says how to follow. The zero value reads from the beginning and
// ends with the context.
type FollowConfig struct {
	// Ended is closed when the writer has ended. Follow then reads what there
	// is and returns nil.
	Ended <-chan struct{}

	// FromNow leaves out what was written before the call.
	FromNow bool

	// From leaves out what is before a place, where that is still there.
	From *Place

	// At is called with how far Follow has come, after w has taken that:
	// offset bytes of the file of that number.
	At func(file uint64, offset int64)

	Clock clock.Clock // default clock.System
}

// Follow copies a rotated file to w, from its oldest part on and across
// rotations, as it is written. Every byte is copied once, in order; only what
// rotation deletes before Follow has come to it is left out. The file need not
// exist yet. Follow returns when the writer has ended, when w fails, or with
// the cause of ctx's end.
func Follow(ctx context.Context, path string, w io.Writer, cfg FollowConfig) error {
	if cfg.Clock == nil {
		cfg.Clock = clock.System
	}
	f := &follower{path: path, at: cfg.At}
	defer f.close()
	if cfg.FromNow {
		if err := f.skip(); err != nil {
			return err
		}
	}
	if cfg.From != nil {
		if err := f.find(cfg.From); err != nil {
			return err
		}
	}
	for {
		ended := isClosed(cfg.Ended) // before reading: what follows is then the last round
		if err := f.copyAll(ctx, w); err != nil {
			return err
		}
		if ended {
			return nil
		}
		if err := wait(ctx, cfg); err != nil {
			return err
		}
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func wait(ctx context.Context, cfg FollowConfig) error {
	t := cfg.Clock.NewTimer(pollInterval)
	defer t.Stop()
	select {
	case <-t.C():
	case <-cfg.Ended:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return nil
}

// follower stands at a place in a rotated file. It knows the file that it is
// reading by identity, not by name: the name changes when the file is rotated.
type follower struct {
	path    string
	at      func(file uint64, offset int64) // may be nil
	current *os.File                        // nil before the first file
}

func (f *follower) close() {
	if f.current != nil {
		_ = f.current.Close() // it was only read
	}
}

// skip goes to the end of the current file, if there is one.
func (f *follower) skip() error {
	file, err := os.Open(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	f.current = file
	_, err = file.Seek(0, io.SeekEnd)
	return err
}

// copyAll copies everything that there is at the moment.
func (f *follower) copyAll(ctx context.Context, w io.Writer) error {
	for {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		next, err := f.next()
		if err != nil {
			return err
		}
		// The successor is looked up before the rest is read: once there is
		// one, nothing is added to the current file any more.
		if f.current != nil {
			if err := f.copy(w); err != nil {
				return err
			}
		}
		if next == nil {
			return nil
		}
		f.close()
		f.current = next
	}
}

// copy copies the rest of the current file.
func (f *follower) copy(w io.Writer) error {
	if f.at == nil {
		_, err := io.Copy(w, f.current)
		return err
	}
	info, err := f.current.Stat()
	if err != nil {
		return err
	}
	offset, err := f.current.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	_, err = io.Copy(&teller{w: w, file: number(info), offset: offset, at: f.at}, f.current)
	return err
}

// teller tells how far it has come.
type teller struct {
	w      io.Writer
	file   uint64
	offset int64
	at     func(file uint64, offset int64)
}

func (t *teller) Write(p []byte) (int, error) {
	n, err := t.w.Write(p)
	t.offset += int64(n)
	t.at(t.file, t.offset)
	return n, err
}

// next opens the file that follows the current one, or returns nil if there is
// none yet. It tries again when a rotation got in between.
func (f *follower) next() (*os.File, error) {
	for {
		parts, err := f.parts()
		if err != nil {
			return nil, err
		}
		at, err := f.position(parts)
		if err != nil {
			return nil, err
		}
		// A number may be missing: a rotation is under way, or its writer was
		// killed in the middle.
		for at--; at >= 0 && parts[at] == nil; at-- {
		}
		if at < 0 {
			return nil, nil
		}
		file, err := openSame(numbered(f.path, at), parts[at])
		if file != nil || err != nil {
			return file, err
		}
	}
}

// openSame opens the file by name, or returns nil if the name stands for
// another file than before.
func openSame(name string, want fs.FileInfo) (*os.File, error) {
	file, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && os.SameFile(info, want) {
		return file, nil
	}
	return nil, errors.Join(err, file.Close())
}

// position returns the number of the current file, or one beyond the oldest
// when it is not there: before the first one, or when it was deleted already.
func (f *follower) position(parts []fs.FileInfo) (int, error) {
	if f.current == nil {
		return len(parts), nil
	}
	current, err := f.current.Stat()
	if err != nil {
		return 0, err
	}
	for i, part := range parts {
		if part != nil && os.SameFile(part, current) {
			return i, nil
		}
	}
	return len(parts), nil
}

// parts returns the files by their number, nil where one is missing. It goes
// from the newest to the oldest, the way that files move, so that none of them
// slips through; the list ends where two numbers in a row are missing, because
// a rotation in progress leaves one.
func (f *follower) parts() ([]fs.FileInfo, error) {
	var parts []fs.FileInfo
	for i := 0; ; i++ {
		info, err := os.Stat(numbered(f.path, i))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if err != nil && i > 0 && parts[i-1] == nil {
			return parts[:i-1], nil
		}
		if err != nil {
			info = nil
		}
		parts = append(parts, info)
	}
}
