package boltstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
	"golang.org/x/sys/unix"

	"github.com/proffer-go/proffer/internal/store"
)

// Store is a store of records in a file. Make one with [Open]. All methods are
// safe for concurrent use.
type Store struct {
	path string

	mu     sync.Mutex
	lock   *os.File // nil once closed
	db     *bbolt.DB
	file   *os.File // the database's own
	broken error    // bbolt has panicked: it is not to be called again
}

// Open opens the store at a path, and makes it if there is nothing; the
// directory must be there. An error names the file and wraps [store.ErrInUse],
// [store.ErrCorrupt] or [store.ErrNewer] where it is of that kind.
func Open(path string) (*Store, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("store %s: %w", path, err)
	}
	s := &Store{path: path}
	if err := s.open(); err != nil {
		return nil, errors.Join(s.explain(err), s.close())
	}
	return s, nil
}

func (s *Store) open() error {
	var err error
	if s.lock, err = acquire(s.path + ".lock"); err != nil {
		return err
	}
	if _, err := os.Lstat(s.path); errors.Is(err, os.ErrNotExist) {
		if err := create(s.path); err != nil {
			return err
		}
	}
	file, err := os.Open(s.path)
	if err != nil {
		return err
	}
	err = read(file, func([]byte, []byte) {})
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	s.db, s.file, err = openDatabase(s.path)
	return err
}

// lockTime is how long bbolt may try to lock its file, which only a program
// that is not ours would hold.
const lockTime = 200 * time.Millisecond

func openDatabase(path string) (db *bbolt.DB, file *os.File, err error) {
	defer guard(&err)()
	db, err = bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout: lockTime, FreelistType: bbolt.FreelistMapType, NoStatistics: true,
		OpenFile: func(name string, flag int, mode os.FileMode) (*os.File, error) {
			var err error
			file, err = os.OpenFile(name, flag, mode)
			return file, err
		},
	})
	if errors.Is(err, berrors.ErrTimeout) {
		err = fmt.Errorf("%w: another program has locked the file itself", store.ErrInUse)
	}
	return db, file, err
}

// guard makes an error of what bbolt does with a page that was damaged after
// it was verified: it panics, or reads from a page that cannot be read.
func guard(err *error) (done func()) {
	before := debug.SetPanicOnFault(true)
	return func() {
		debug.SetPanicOnFault(before)
		if v := recover(); v != nil {
			*err = damage("bbolt fails on it: %v", v)
		}
	}
}

// Load returns every record, or an error that names the file.
func (s *Store) Load(ctx context.Context) (map[string][]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	records := make(map[string][]byte)
	err := read(s.file, func(key, value []byte) { records[string(key)] = bytes.Clone(value) })
	if err != nil {
		return nil, s.explain(err)
	}
	return records, nil
}

// Write puts and deletes records in one transaction.
func (s *Store) Write(ctx context.Context, changes map[string][]byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.ready(ctx); err != nil {
		return err
	}
	if err := store.Check(changes, store.MaxRecordSize); err != nil {
		return fmt.Errorf("store %s: %w", s.path, err)
	}
	if len(changes) == 0 {
		return nil
	}
	err := s.write(changes)
	if err == nil {
		return nil
	}
	err = s.explain(fmt.Errorf("write: %w", err))
	if errors.Is(err, store.ErrCorrupt) {
		s.broken = err
	}
	return err
}

func (s *Store) write(changes map[string][]byte) (err error) {
	defer guard(&err)()
	return s.db.Update(func(tx *bbolt.Tx) error {
		records, seals := tx.Bucket([]byte(recordBucket)), tx.Bucket([]byte(sealBucket))
		sealed, err := decodeSeal(seals.Get([]byte(sealKey)))
		if err != nil {
			return err
		}
		for _, name := range slices.Sorted(maps.Keys(changes)) {
			if err := apply(records, &sealed, []byte(name), changes[name]); err != nil {
				return err
			}
		}
		return seals.Put([]byte(sealKey), sealed.encode())
	})
}

// apply puts or deletes one record.
func apply(records *bbolt.Bucket, sealed *seal, key, value []byte) error {
	if old := records.Get(key); old != nil {
		sealed.remove(key, old)
	}
	if value == nil {
		return records.Delete(key)
	}
	sealed.add(key, value)
	return records.Put(key, value)
}

func (s *Store) ready(ctx context.Context) error {
	switch {
	case s.lock == nil:
		return fmt.Errorf("store %s: %w", s.path, store.ErrClosed)
	case s.broken != nil:
		return s.broken
	default:
		return context.Cause(ctx)
	}
}

// explain names the file, and says what to do where it is of no use.
func (s *Store) explain(err error) error {
	switch {
	case errors.Is(err, store.ErrInUse):
		return fmt.Errorf("store %s: %w: end what has it open first", s.path, err)
	case errors.Is(err, store.ErrNewer):
		return fmt.Errorf("store %s: %w: start the newer version again; an older one cannot go on from here", s.path, err)
	case errors.Is(err, store.ErrCorrupt):
		return fmt.Errorf("store %s: %w: put a sound copy of the file in its place, or move it away to start with nothing, which forgets every record", s.path, err)
	default:
		return fmt.Errorf("store %s: %w", s.path, err)
	}
}

// Close gives the file up, after the calls under way.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.close()
}

func (s *Store) close() error {
	var errs []error
	switch {
	case s.db != nil && s.broken == nil: // a lock of bbolt's may be held otherwise
		errs = append(errs, s.db.Close())
	case s.file != nil:
		// What is mapped stays so, and would keep the lock.
		_ = unix.Flock(int(s.file.Fd()), unix.LOCK_UN) // bbolt may have closed it
		if err := s.file.Close(); !errors.Is(err, os.ErrClosed) {
			errs = append(errs, err)
		}
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
	}
	s.db, s.file, s.lock = nil, nil, nil
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("store %s: close: %w", s.path, err)
	}
	return nil
}
