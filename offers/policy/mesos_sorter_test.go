package policy_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/offers/policy"
	"github.com/proffer-go/proffer/resources"
)

// sorterVectors are sequences of what Mesos's tests do to its DRF sorter, with
// the order that they expect.
type sorterVectors struct {
	Tests []struct {
		Test  string
		Steps []sorterStep
	}
}

type sorterStep struct {
	Op        string
	Client    string
	Agent     string
	Total     map[string]float64
	Resources map[string]float64
	Old, New  map[string]float64
	Weight    float64
	N         int
	Value     bool
	Order     []string
}

func TestMesosSorter(t *testing.T) {
	runSorterVectors(t, filepath.Join("testdata", "sorter.json"))
}

// The same for all of Mesos's own sequences, where they are at hand.
func TestMesosSorterOfMesos(t *testing.T) {
	dir := os.Getenv("PROFFER_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "data")
	}
	path := filepath.Join(dir, "mesos_vectors", "sorter_vectors.json")
	if _, err := os.Stat(path); err != nil {
		t.Skipf("without the real data: the sequences of Mesos are not here, PROFFER_DATA names their folder: %v", err)
	}
	if orders := runSorterVectors(t, path); orders != 73 {
		t.Errorf("%d orders were checked, want 73", orders)
	}
}

func runSorterVectors(t *testing.T, path string) (orders int) {
	t.Helper()
	text, err := os.ReadFile(path)
	must(t, err)
	var vectors sorterVectors
	must(t, json.Unmarshal(text, &vectors))
	for _, test := range vectors.Tests {
		t.Run(test.Test, func(t *testing.T) {
			s := newSorter(t)
			for i, step := range test.Steps {
				s.at = fmt.Sprintf("step %d, %s %s", i+1, step.Op, step.Client)
				s.do(step)
				if step.Op == "expectOrder" {
					orders++
				}
			}
		})
	}
	return orders
}

// sorter does to an allocator with DRF what is done to Mesos's sorter: a client
// is a framework in the role of its name. What is allocated to it is an agent of
// its own, all of which it uses; one more agent makes up the total.
type sorter struct {
	t     *testing.T
	a     *offers.Allocator
	spy   *spy
	at    string
	now   time.Time
	names int

	totals map[string]resources.Resources // by agent of Mesos
	held   map[string][]holding           // by client
	filler bool
}

type holding struct {
	agent proffer.AgentID
	used  resources.Resources // of it
}

func newSorter(t *testing.T) *sorter {
	t.Helper()
	a, s := newSpied(t, policy.DRF())
	return &sorter{
		t: t, a: a, spy: s, now: time.Unix(0, 0),
		totals: make(map[string]resources.Resources), held: make(map[string][]holding),
	}
}

func (s *sorter) do(step sorterStep) {
	s.t.Helper()
	id := proffer.FrameworkID(step.Client)
	switch step.Op {
	case "add": // not active yet
		s.must(s.a.AddFramework(s.now, id, offers.Subscription{Roles: []string{step.Client}, Suppressed: []string{step.Client}}))
	case "activate":
		s.must(s.a.Revive(s.now, id))
	case "deactivate":
		s.must(s.a.Suppress(s.now, id))
	case "remove":
		s.must(s.a.RemoveFramework(s.now, id))
		delete(s.held, step.Client)
	case "weight":
		s.must(s.a.SetWeight(step.Client, step.Weight))
	case "addAgent":
		s.totals[step.Agent] = s.scalars(step.Total)
	case "removeAgent":
		delete(s.totals, step.Agent)
	case "allocated":
		s.allocate(step.Client, s.scalars(step.Resources))
	case "unallocated":
		s.release(step.Client, s.scalars(step.Resources))
	case "update":
		s.release(step.Client, s.scalars(step.Old))
		s.allocate(step.Client, s.scalars(step.New))
	case "expectOrder":
		s.complete()
		if diff := gocmp.Diff(append([]string{}, step.Order...), append([]string{}, s.spy.order()...)); diff != "" {
			s.t.Errorf("%s: (-want +got)\n%s", s.at, diff)
		}
	case "expectCount":
		if n := len(s.clients()); n != step.N {
			s.t.Errorf("%s: %d clients, want %d", s.at, n, step.N)
		}
	case "expectContains":
		if has := s.clients()[step.Client]; has != step.Value {
			s.t.Errorf("%s: it is there: %v, want %v", s.at, has, step.Value)
		}
	default:
		s.t.Fatalf("%s: unknown operation", s.at)
	}
}

func (s *sorter) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatalf("%s: %v", s.at, err)
	}
}

func (s *sorter) scalars(amounts map[string]float64) resources.Resources {
	s.t.Helper()
	var all resources.Resources
	for name, amount := range amounts {
		r, err := resources.Parse(fmt.Sprintf("%s:%.3f", name, amount))
		s.must(err)
		all, err = all.Add(r)
		s.must(err)
	}
	return all
}

func (s *sorter) allocate(client string, r resources.Resources) {
	s.t.Helper()
	s.names++
	id := proffer.AgentID(fmt.Sprintf("held-%d", s.names))
	u := offers.Usage{FrameworkID: proffer.FrameworkID(client), Role: client, Resources: r}
	s.must(s.a.AddAgent(s.now, proffer.AgentInfo{ID: id, Resources: r}, u))
	s.held[client] = append(s.held[client], holding{id, r})
}

// release gives back r, of as many of the client's agents as it takes.
func (s *sorter) release(client string, r resources.Resources) {
	s.t.Helper()
	for i := range s.held[client] {
		h := &s.held[client][i]
		var part resources.Resources
		for name, amount := range r.Scalars() {
			if amount = min(amount, h.used.Scalar(name)); amount > 0 {
				part, _ = part.Add(resources.MustParse(name + ":" + amount.String()))
			}
		}
		if part.IsEmpty() {
			continue
		}
		u := offers.Usage{FrameworkID: proffer.FrameworkID(client), Role: client, Resources: part}
		s.must(s.a.Release(s.now, h.agent, u))
		h.used, _ = h.used.Sub(part)
		r, _ = r.Sub(part)
	}
	if !r.IsEmpty() {
		s.t.Fatalf("%s: the client does not hold %s", s.at, r)
	}
}

// complete makes the total of the cluster what it is in Mesos.
func (s *sorter) complete() {
	s.t.Helper()
	if s.filler {
		s.must(s.a.RemoveAgent(s.now, "filler"))
	}
	var total, there resources.Resources
	var err error
	for _, r := range s.totals {
		total, err = total.Add(r)
		s.must(err)
	}
	for name := range total.Scalars() {
		if amount := s.spy.tree.Total(name); amount > 0 {
			there, err = there.Add(resources.MustParse(name + ":" + amount.String()))
			s.must(err)
		}
	}
	rest, ok := total.Sub(there)
	if !ok {
		s.t.Fatalf("%s: %s are held, which is more than the total, %s", s.at, there, total)
	}
	s.must(s.a.AddAgent(s.now, proffer.AgentInfo{ID: "filler", Resources: rest}))
	s.filler = true
	s.spy.Reset(s.spy.tree)
}

func (s *sorter) clients() map[string]bool {
	found := make(map[string]bool)
	var walk func(n *offers.Node)
	walk = func(n *offers.Node) {
		if n.Kind() == offers.KindClient {
			found[string(n.Framework())] = true
		}
		for _, child := range n.Children() {
			walk(child)
		}
	}
	walk(s.spy.tree.Root())
	return found
}
