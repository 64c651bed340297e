package schedulertest_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
	"github.com/proffer-go/proffer/scheduler"
	"github.com/proffer-go/proffer/scheduler/schedulertest"
)

var (
	seeds     = flag.Int("seeds", 200, "how many seeds the simulation runs")
	firstSeed = flag.Uint64("first-seed", 0, "the first seed of the simulation")
	storyTo   = flag.String("story", "", "the file to which the simulation writes what happens")
)

// storm is everything that can go wrong, in an amount that differs from seed to
// seed.
func storm(rng *rand.Rand) schedulertest.Faults {
	some := func(p float64) float64 {
		if rng.IntN(2) == 0 {
			return 0
		}
		return p * rng.Float64()
	}
	every := func(d time.Duration) time.Duration {
		if rng.IntN(2) == 0 {
			return 0
		}
		return d/4 + time.Duration(rng.Int64N(int64(d)))
	}
	return schedulertest.Faults{
		Loss: some(0.02), Duplicate: some(0.1), Delay: some(0.5), Reorder: some(0.02),
		MaxDelay:   time.Duration(1+rng.IntN(3000)) * time.Millisecond,
		AgentCrash: every(4 * time.Minute), AgentReboot: every(15 * time.Minute),
		AgentPartition: every(5 * time.Minute), AgentSlow: every(5 * time.Minute),
		FrameworkPartition: every(10 * time.Minute), MasterCrash: every(15 * time.Minute),
		MachineStuck: every(10 * time.Minute), StoreFull: every(20 * time.Minute), StoreSlow: every(5 * time.Minute),
		Outage:          time.Duration(1+rng.IntN(120)) * time.Second,
		MasterCrashStep: some(0.003), AgentCrashStep: some(0.01), StoreFailure: some(0.003),
		StuckKill: some(0.3), Unhealthy: some(0.3), ClockJump: 2 * 365 * 24 * time.Hour,
	}
}

// simulate runs frameworks through a storm, lets the sky clear and looks whether
// every job has finished.
func simulate(seed uint64, trace io.Writer) (schedulertest.Stats, error) {
	rng := rand.New(rand.NewPCG(seed, 99))
	cfg := schedulertest.Config{
		Agents: schedulertest.Agents(1+rng.IntN(6), whole),
		Seed:   seed, Faults: storm(rng), Trace: trace,
		Repeat: fmt.Sprintf("go test ./scheduler/schedulertest -run Simulation -seeds 1 -first-seed %d -story /dev/stdout", seed),
		Lifetime: func(t *proffer.TaskInfo) (time.Duration, proffer.ExitStatus) {
			run := time.Duration(1+rng.IntN(300)) * time.Second
			if rng.IntN(10) == 0 {
				return run, proffer.ExitStatus{Code: 1}
			}
			return run, proffer.ExitStatus{}
		},
	}
	c, err := schedulertest.New(cfg)
	if err != nil {
		return schedulertest.Stats{}, err
	}
	stats, err := weather(c, rng)
	return stats, errors.Join(err, c.Close())
}

// voyage is the frameworks of a simulation.
type voyage struct {
	cluster  *schedulertest.Cluster
	rng      *rand.Rand
	states   []*crewState
	drivers  []*scheduler.Driver
	programs []*schedulertest.Framework
}

func weather(c *schedulertest.Cluster, rng *rand.Rand) (schedulertest.Stats, error) {
	v := &voyage{cluster: c, rng: rng}
	for _, leg := range []func() error{v.setOut, v.storm, v.calm, v.land} {
		if err := leg(); err != nil {
			return c.Stats(), err
		}
	}
	return c.Stats(), nil
}

func (v *voyage) setOut() error {
	n := 1 + v.rng.IntN(3)
	v.programs, v.drivers = make([]*schedulertest.Framework, n), make([]*scheduler.Driver, n)
	for i := range n {
		v.states = append(v.states, &crewState{
			unfinished: make(map[proffer.TaskID]proffer.AgentID), left: 5 + v.rng.IntN(20), lostOnly: v.rng.IntN(6) == 0,
		})
		if err := v.start(i); err != nil {
			return err
		}
	}
	return nil
}

func (v *voyage) start(i int) (err error) {
	v.drivers[i], err = scheduler.New(&crew{rng: v.rng, state: v.states[i]}, scheduler.Config{
		Name: fmt.Sprintf("crew-%d", i), Master: v.cluster, IDs: v.states[i],
		DefaultFilter: offers.Filter{Refuse: time.Second}, LostOnly: v.states[i].lostOnly,
	})
	if err == nil {
		v.programs[i] = v.cluster.Go(context.Background(), v.drivers[i].Run)
	}
	return err
}

// storm lets time pass, and frameworks crash and come back.
func (v *voyage) storm() error {
	for range 10 + v.rng.IntN(20) {
		if err := v.pass(time.Duration(v.rng.IntN(120)) * time.Second); err != nil {
			return err
		}
		if v.rng.IntN(4) > 0 {
			continue
		}
		i := v.rng.IntN(len(v.programs))
		if err := v.cluster.CrashFramework(v.programs[i]); err != nil {
			return err
		}
		if err := v.start(i); err != nil {
			return err
		}
	}
	return nil
}

func (v *voyage) pass(d time.Duration) error {
	if stop := v.cluster.RunFor(d); stop != schedulertest.Reached {
		return fmt.Errorf("stopped: %v, %w", stop, v.cluster.Err())
	}
	for i, p := range v.programs {
		if p.Done() && p.Err() != nil {
			return fmt.Errorf("crew %d ended: %w", i, p.Err())
		}
	}
	return nil
}

// calm ends the faults: every job finishes.
func (v *voyage) calm() error {
	if err := v.cluster.StopFaults(); err != nil {
		return err
	}
	if err := v.pass(4 * time.Hour); err != nil {
		return err
	}
	for i, s := range v.states {
		if s.left > 0 || len(s.unfinished) > 0 {
			return fmt.Errorf("crew %d is not done: %d jobs to launch, %d under way, %d finished (%w)",
				i, s.left, len(s.unfinished), s.finished, v.cluster.Verify())
		}
	}
	return v.cluster.Verify()
}

// land ends the frameworks: everything is free again.
func (v *voyage) land() error {
	for _, d := range v.drivers {
		if err := d.Teardown(); err != nil {
			return err
		}
	}
	if err := v.pass(time.Hour); err != nil {
		return err
	}
	free := make(map[proffer.AgentID]resources.Resources)
	audit := &script{offers: func(d *scheduler.Driver, list []*offers.Offer) error {
		for _, o := range list {
			free[o.AgentID] = o.Resources
		}
		return nil
	}}
	d, err := scheduler.New(audit, scheduler.Config{Name: "audit", Master: v.cluster})
	if err != nil {
		return err
	}
	v.cluster.Go(context.Background(), d.Run)
	if err := v.pass(time.Second); err != nil {
		return err
	}
	if len(free) == 0 {
		return errors.New("nothing is free at the end")
	}
	for id, has := range free {
		if !has.Equal(whole) {
			return fmt.Errorf("of %s %s are free at the end, of %s", id, has, whole)
		}
	}
	return v.cluster.Verify()
}

// whole is what every agent has.
var whole = resources.MustParse("cpus:4;mem:2000")

func TestSimulation(t *testing.T) {
	n := *seeds
	if testing.Short() && n > 20 {
		n = 20
	}
	var trace io.Writer
	if *storyTo != "" {
		file, err := os.Create(*storyTo)
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := file.Close(); err != nil {
				t.Error(err)
			}
		}()
		trace = file
	}
	var sum schedulertest.Stats
	for seed := *firstSeed; seed < *firstSeed+uint64(n); seed++ {
		stats, err := simulate(seed, trace)
		if err != nil {
			t.Errorf("seed %d: %v", seed, err)
			continue
		}
		sum.Started += stats.Started
		sum.Messages += stats.Messages
		sum.Lost += stats.Lost
		sum.AgentCrashes += stats.AgentCrashes
		sum.MasterCrashes += stats.MasterCrashes
	}
	t.Logf("%d seeds: %+v", n, sum)
}

// TestReplay: the same seed gives the same history, byte for byte, and another
// one another.
func TestReplay(t *testing.T) {
	histories := make(map[string]uint64)
	for seed := range uint64(5) {
		var first, second strings.Builder
		for _, b := range []*strings.Builder{&first, &second} {
			if _, err := simulate(seed, b); err != nil {
				t.Fatal(err)
			}
		}
		if first.String() != second.String() {
			t.Errorf("seed %d: two runs differ (-first +second):\n%s", seed,
				cmp.Diff(strings.Split(first.String(), "\n"), strings.Split(second.String(), "\n")))
		}
		if other, ok := histories[first.String()]; ok {
			t.Errorf("seeds %d and %d give the same history", other, seed)
		}
		histories[first.String()] = seed
	}
}
