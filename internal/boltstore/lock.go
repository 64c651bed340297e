package boltstore

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/proffer-go/proffer/internal/clock"
	"github.com/proffer-go/proffer/internal/store"
)

// longestAcquire is the last pause before a lock is taken for held.
const longestAcquire = 128 * time.Millisecond

// acquire takes the lock of a file until the file is closed. It insists a
// little: a process that an earlier program was about to start when it was
// killed holds the lock for a moment.
func acquire(path string) (*os.File, error) {
	lock, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	for pause := time.Millisecond; ; pause *= 2 {
		err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		switch {
		case err == nil:
			return lock, nil
		case !errors.Is(err, unix.EWOULDBLOCK):
			return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), lock.Close())
		case pause > longestAcquire:
			return nil, errors.Join(store.ErrInUse, lock.Close())
		}
		<-clock.System.NewTimer(pause).C()
	}
}
