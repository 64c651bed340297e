package shim

import (
	"errors"
	"fmt"
	"os"

	"github.com/proffer-go/proffer/containerizer/process/internal/cgroup"
	"github.com/proffer-go/proffer/containerizer/process/internal/record"
	"github.com/proffer-go/proffer/internal/clock"
)

// runJanitor is the main function of a janitor: it waits until the program and
// all of its shims are gone, however they went, and removes what they left.
func runJanitor() error {
	if err := closeInherited(connFD, absenceFD); err != nil {
		return err
	}
	conn, err := inherited(connFD, "connection")
	if err != nil {
		return err
	}
	absence, err := inherited(absenceFD, "absence")
	if err != nil {
		return err
	}
	job := new(record.Janitor)
	if err := errors.Join(Receive(conn, job), showName(JanitorName)); err != nil {
		return err
	}
	_, _ = absence.Read(make([]byte, 1)) // nothing is ever written: it ends when all are gone

	errs := []error{KillLeft(job.GetMarkPrefix(), true)}
	if job.GetCgroup() != nil {
		errs = append(errs, SweepGroups(job.GetCgroup(), func(string) bool { return false }), cgroup.Remove(job.GetCgroup()))
	}
	for _, dir := range job.GetRemove() {
		errs = append(errs, RemoveAll(string(dir)))
	}
	answer := new(record.Response)
	if err := errors.Join(errs...); err != nil {
		answer.Failure = failure(record.Failure_OTHER, err)
	}
	_ = Send(conn, answer) // mostly the program is gone
	return nil
}

// KillLeft kills marked processes until there are none, for a while.
func KillLeft(mark string, prefix bool) error {
	for pause := firstSweep; ; pause *= 2 {
		n, err := killMarked(mark, prefix)
		if n == 0 || err != nil {
			return err
		}
		if pause > lastSweep {
			return fmt.Errorf("%d processes marked %s do not end", n, mark)
		}
		<-clock.System.NewTimer(pause).C()
	}
}

// SweepGroups removes the groups right below parent with what is in them,
// except those that keep names.
func SweepGroups(parent *record.Cgroup, keep func(name string) bool) error {
	names, err := cgroup.Children(parent)
	errs := []error{err}
	for _, name := range names {
		if !keep(name) {
			errs = append(errs, RemoveGroup(cgroup.Child(parent, name)))
		}
	}
	return errors.Join(errs...)
}

// RemoveGroup kills what is in a group and removes it. One that is not there
// is no error.
func RemoveGroup(name *record.Cgroup) error {
	g, err := cgroup.Open(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for pause := firstSweep; ; pause *= 2 {
		_, killErr := g.Kill()
		err := g.Delete()
		if err == nil {
			return nil
		}
		if pause > lastSweep {
			return errors.Join(killErr, err)
		}
		<-clock.System.NewTimer(pause).C()
	}
}
