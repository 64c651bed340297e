package scheduler

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/proffer-go/proffer"
)

// IDStore keeps a framework's id from one run of its program to the next, so
// that the framework takes over what it left running. Give one to Config.IDs;
// [IDFile] is the usual one. It is called by Run alone.
type IDStore interface {
	// Load returns the id that was stored, empty if none was. Its error ends
	// Run: a framework that cannot tell who it is must not begin anew beside
	// the tasks of its former self.
	Load(ctx context.Context) (proffer.FrameworkID, error)

	// Store keeps an id, and with an empty one forgets it. It is called before
	// the first offers come, and after [Driver.Teardown]. Its error ends Run.
	Store(ctx context.Context, id proffer.FrameworkID) error
}

// IDFile is a file with the id, as a line of text. It is replaced as a whole.
type IDFile string

// Load implements [IDStore].
func (f IDFile) Load(context.Context) (proffer.FrameworkID, error) {
	text, err := os.ReadFile(string(f))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	id := proffer.FrameworkID(strings.TrimSuffix(string(text), "\n"))
	if err := proffer.ValidateID("framework id", id); err != nil {
		return "", fmt.Errorf("%s: %w: put the id there, or remove the file if the framework has no tasks", string(f), err)
	}
	return id, nil
}

// Store implements [IDStore].
func (f IDFile) Store(_ context.Context, id proffer.FrameworkID) error {
	if id == "" {
		err := os.Remove(string(f))
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(string(f)), filepath.Base(string(f))+".*")
	if err != nil {
		return err
	}
	_, err = temporary.WriteString(string(id) + "\n")
	err = errors.Join(err, temporary.Sync(), temporary.Close())
	if err == nil {
		err = os.Rename(temporary.Name(), string(f))
	}
	if err != nil {
		return errors.Join(err, os.Remove(temporary.Name()))
	}
	dir, err := os.Open(filepath.Dir(string(f)))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// identify finds out who the framework is.
func (d *Driver) identify(ctx context.Context) error {
	if d.cfg.IDs == nil {
		return nil
	}
	id, err := d.cfg.IDs.Load(ctx)
	if err != nil {
		return fmt.Errorf("scheduler: Config.IDs: the id of framework %q cannot be told: %w", d.cfg.Name, err)
	}
	d.mu.Lock()
	d.framework.ID = id
	d.mu.Unlock()
	return nil
}

// remember keeps who the framework is, empty for nobody any more.
func (d *Driver) remember(ctx context.Context, id proffer.FrameworkID) error {
	if d.cfg.IDs == nil {
		return nil
	}
	if err := d.cfg.IDs.Store(ctx, id); err != nil {
		return fmt.Errorf("scheduler: Config.IDs: the id %q of framework %q cannot be kept: %w", string(id), d.cfg.Name, err)
	}
	return nil
}
