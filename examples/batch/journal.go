package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/cenkalti/backoff/v4"
)

// journal is what batch itself has to remember with -data: how every attempt
// ended, a line of JSON each, written before its status is acknowledged. What
// runs, the cluster knows.
type journal struct {
	file *os.File
	path string
}

// note is a line of the journal.
type note struct {
	Job        string        `json:"job"`
	Attempt    int           `json:"attempt"`
	State      string        `json:"state"` // noteStarted …
	Time       time.Time     `json:"time"`
	Took       time.Duration `json:"took,omitempty"`
	Result     string        `json:"result,omitempty"`
	Log        string        `json:"log,omitempty"`
	Definition string        `json:"definition"` // of the job, so that another of its name is not taken for it
}

const (
	noteStarted  = "started"
	noteFinished = "finished"
	noteFailed   = "failed"
	noteLost     = "lost" // not the job's fault, or killed with the batch
)

// openJournal returns the journal of a data directory with what is in it. It is
// locked until it is closed.
func openJournal(dir string) (*journal, []note, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, nil, err
	}
	path := filepath.Join(dir, "journal")
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, nil, err
	}
	j := &journal{file: file, path: path}
	notes, err := j.read()
	if err != nil {
		return nil, nil, errors.Join(err, file.Close())
	}
	return j, notes, nil
}

func (j *journal) read() ([]note, error) {
	if err := j.lock(); err != nil {
		return nil, fmt.Errorf("%s is in use: another batch works on this directory (%w)", j.path, err)
	}
	text, err := io.ReadAll(j.file)
	if err != nil {
		return nil, err
	}
	// A line that was cut off was never relied on.
	whole := text[:bytes.LastIndexByte(text, '\n')+1]
	if err := j.file.Truncate(int64(len(whole))); err != nil {
		return nil, err
	}
	if _, err := j.file.Seek(int64(len(whole)), io.SeekStart); err != nil {
		return nil, err
	}
	var notes []note
	for i, line := range bytes.Split(bytes.TrimSuffix(whole, []byte("\n")), []byte("\n")) {
		if len(whole) == 0 {
			break
		}
		var n note
		if err := json.Unmarshal(line, &n); err != nil {
			return nil, fmt.Errorf("%s:%d: %w: the journal is damaged: use a new -data directory, in which everything runs again", j.path, i+1, err)
		}
		notes = append(notes, n)
	}
	return notes, nil
}

// lock takes the lock. It insists a little: a process that an earlier run was
// about to start when it was killed holds it for a moment.
func (j *journal) lock() error {
	insist := backoff.WithMaxRetries(backoff.NewConstantBackOff(10*time.Millisecond), 50)
	return backoff.Retry(func() error {
		return syscall.Flock(int(j.file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	}, insist)
}

// write adds a line. With durable set it is on disk when write returns.
func (j *journal) write(n note, durable bool) error {
	line, err := json.Marshal(n)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	if _, err := j.file.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	if !durable {
		return nil
	}
	if err := j.file.Sync(); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}

func (j *journal) close() error { return j.file.Close() }

// definition tells jobs apart that are called alike.
func (j *job) definition() string {
	h := sha256.New()
	for _, part := range [][]string{j.command.Argv(), j.after, {j.needs.String(), j.timeout.String()}} {
		_, _ = fmt.Fprintf(h, "%q;", part) // a hash takes everything
	}
	_, _ = fmt.Fprintf(h, "%q", j.command.Env)
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// restore brings a new plan to where an earlier run of it ended.
func (p *plan) restore(notes []note) error {
	byName := make(map[string]*entry, len(p.entries))
	for _, e := range p.entries {
		byName[e.name] = e
	}
	var errs []string
	for _, n := range notes {
		e, ok := byName[n.Job]
		switch {
		case !ok:
			errs = append(errs, fmt.Sprintf("job %q is not in the list any more", n.Job))
		case n.Definition != e.definition():
			errs = append(errs, fmt.Sprintf("job %q (line %d) is another than it was", n.Job, e.line))
		default:
			p.replay(e, n)
		}
		if len(errs) == 5 {
			break
		}
	}
	if len(errs) > 0 {
		return fmt.Errorf("this is not the list that the data directory is of: %s: use a new -data directory", strings.Join(errs, "; "))
	}
	return nil
}

func (p *plan) replay(e *entry, n note) {
	if n.State == noteStarted {
		e.started = n.Time
		return
	}
	if e.state == ready || e.state == pausing {
		p.launched(e)
	}
	e.attempts, e.started, e.took, e.log = n.Attempt, time.Time{}, n.Took, n.Log
	switch n.State {
	case noteFinished:
		p.ended(e, true, n.Result)
	case noteFailed:
		p.ended(e, false, n.Result)
		p.again(e) // the pause has passed
	default:
		e.result = n.Result
		p.lost(e)
	}
}
