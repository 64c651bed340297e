package offers_test

import (
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/offers/policy"
	"github.com/proffer-go/proffer/resources"
)

var scripts = flag.String("scripts", "testdata", "folder of the golden scripts to run")

// TestScripts runs the golden scripts: a command, a line, and what it printed.
// Run with -rewrite to write the output of today. The commands are:
//
//	new [policy=drf|fifo] [batch=1s] [timeout=30s] [min="cpus:0.01|mem:32"|none] [exclude=gpus] [coalesce=2ms]
//	add-agent ID RESOURCES [attributes] [used=FRAMEWORK:ROLE:RESOURCES ...]
//	remove-agent ID
//	subscribe FRAMEWORK [roles=a,b] [suppressed=a] [min=...]
//	update FRAMEWORK roles=a,b [suppressed=a]
//	remove FRAMEWORK | deactivate FRAMEWORK | activate FRAMEWORK
//	weight ROLE WEIGHT
//	accept OFFER[+OFFER] RESOURCES [refuse=5s|none]
//	decline OFFER [refuse=5s|none]
//	rescind OFFER
//	release FRAMEWORK AGENT RESOURCES [role=*]
//	suppress FRAMEWORK [ROLE ...] | revive FRAMEWORK [ROLE ...]
//	tick DURATION
//	dump
//	explain FRAMEWORK [RESOURCES]
//
// Every command but dump and explain then lets the coalescing time pass and
// prints the offers made and taken back; tick lets its duration pass, doing
// what is due on the way, and prints when.
func TestScripts(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(*scripts, "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		t.Fatalf("no scripts in %s", *scripts)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			s := newScript(t)
			datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
				return s.run(t, d)
			})
		})
	}
}

type script struct {
	a     *offers.Allocator
	start time.Time
	now   time.Time
	open  map[proffer.OfferID]*offers.Offer
	book  *ledger
}

func newScript(t *testing.T) *script {
	s := &script{start: time.Unix(0, 0).UTC()}
	s.reset(t, offers.Config{})
	return s
}

func (s *script) reset(t *testing.T, cfg offers.Config) {
	if cfg.Policy == nil {
		cfg.Policy = policy.DRF()
	}
	a, err := offers.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	s.a, s.now, s.open = a, s.start, make(map[proffer.OfferID]*offers.Offer)
	s.book = newLedger(a)
}

// run carries out one command and returns what it prints.
func (s *script) run(t *testing.T, d *datadriven.TestData) string {
	c := commandOf(t, d)
	var out strings.Builder
	switch d.Cmd {
	case "new":
		s.reset(t, c.config())
		return "ok"
	case "tick":
		s.tick(&out, c.duration(0))
	case "dump":
		return s.book.dump(s.open)
	case "explain":
		var wanted resources.Resources
		if len(c.args) > 1 {
			wanted = c.resources(1)
		}
		e, err := s.a.Explain(proffer.FrameworkID(c.arg(0)), wanted)
		if err != nil {
			return "error: " + err.Error()
		}
		return e.String()
	default:
		if err := s.do(c); err != nil {
			return "error: " + err.Error()
		}
		s.tick(&out, 2*time.Millisecond)
	}
	if err := s.book.check(s.open); err != nil {
		t.Fatalf("%s: %s: %v", d.Pos, d.Cmd, err)
	}
	if out.Len() == 0 {
		return "no offers"
	}
	return out.String()
}

func (s *script) do(c command) error {
	framework := proffer.FrameworkID(c.arg(0))
	switch c.name {
	case "add-agent":
		return s.addAgent(c)
	case "remove-agent":
		s.book.removeAgent(proffer.AgentID(c.arg(0)))
		return s.a.RemoveAgent(s.now, proffer.AgentID(c.arg(0)))
	case "subscribe":
		return s.a.AddFramework(s.now, framework, c.subscription())
	case "update":
		return s.a.UpdateFramework(s.now, framework, c.subscription())
	case "remove":
		s.book.removeFramework(framework)
		return s.a.RemoveFramework(s.now, framework)
	case "deactivate":
		return s.a.Deactivate(s.now, framework)
	case "activate":
		return s.a.Activate(s.now, framework)
	case "suppress":
		return s.a.Suppress(s.now, framework, c.args[1:]...)
	case "revive":
		return s.a.Revive(s.now, framework, c.args[1:]...)
	case "weight":
		w, err := strconv.ParseFloat(c.arg(1), 64)
		if err != nil {
			return err
		}
		return s.a.SetWeight(c.arg(0), w)
	case "accept":
		return s.accept(c)
	case "decline":
		id := proffer.OfferID(c.arg(0))
		err := s.a.Decline(s.now, id, c.filter())
		if err == nil {
			delete(s.open, id)
		}
		return err
	case "rescind":
		return s.a.Rescind(s.now, proffer.OfferID(c.arg(0)))
	case "release":
		u := offers.Usage{FrameworkID: framework, Role: c.option("role", "*"), Resources: c.resources(2)}
		err := s.a.Release(s.now, proffer.AgentID(c.arg(1)), u)
		if err == nil {
			s.book.release(proffer.AgentID(c.arg(1)), u)
		}
		return err
	default:
		c.t.Fatalf("unknown command %q", c.name)
		return nil
	}
}

func (s *script) addAgent(c command) error {
	info := proffer.AgentInfo{
		ID: proffer.AgentID(c.arg(0)), Hostname: "host-" + c.arg(0), Resources: c.resources(1),
	}
	if len(c.args) > 2 {
		info.Attributes = resources.MustParseAttributes(c.arg(2))
	}
	var used []offers.Usage
	for _, u := range c.options["used"] {
		part := strings.SplitN(u, "=", 3) // framework=role=resources
		used = append(used, offers.Usage{
			FrameworkID: proffer.FrameworkID(part[0]), Role: part[1], Resources: resources.MustParse(part[2]),
		})
	}
	err := s.a.AddAgent(s.now, info, used...)
	if err == nil {
		s.book.addAgent(info, used)
	}
	return err
}

func (s *script) accept(c command) error {
	var ids []proffer.OfferID
	for id := range strings.SplitSeq(c.arg(0), "+") {
		ids = append(ids, proffer.OfferID(id))
	}
	used := c.resources(1)
	if err := s.a.Accept(s.now, ids, used, c.filter()); err != nil {
		return err
	}
	o := s.open[ids[0]]
	s.book.use(o.AgentID, offers.Usage{FrameworkID: o.FrameworkID, Role: o.Role, Resources: used})
	for _, id := range ids {
		delete(s.open, id)
	}
	return nil
}

// tick lets time pass, stopping wherever the allocator has something to do.
func (s *script) tick(out *strings.Builder, d time.Duration) {
	end := s.now.Add(d)
	for {
		at, ok := s.a.Deadline()
		if !ok || at.After(end) {
			break
		}
		if at.After(s.now) {
			s.now = at
		}
		made, rescinded := s.a.Advance(s.now)
		for _, o := range rescinded {
			delete(s.open, o.ID)
			fmt.Fprintf(out, "%s rescinded %s from %s\n", s.clock(), o.ID, o.FrameworkID)
		}
		for _, o := range made {
			s.open[o.ID] = o
			fmt.Fprintf(out, "%s %s to %s (%s): %s %s\n", s.clock(), o.ID, o.FrameworkID, o.Role, o.AgentID, o.Resources)
		}
	}
	_, rescinded := s.a.Advance(s.now)
	for _, o := range rescinded {
		delete(s.open, o.ID)
		fmt.Fprintf(out, "%s rescinded %s from %s\n", s.clock(), o.ID, o.FrameworkID)
	}
	s.now = end
}

func (s *script) clock() string { return "+" + s.now.Sub(s.start).Round(10*time.Millisecond).String() }

// command is one line of a script, taken apart.
type command struct {
	t       *testing.T
	name    string
	args    []string
	options map[string][]string
}

func commandOf(t *testing.T, d *datadriven.TestData) command {
	c := command{t: t, name: d.Cmd, options: make(map[string][]string)}
	for _, a := range d.CmdArgs {
		if len(a.Vals) == 0 {
			c.args = append(c.args, a.Key)
			continue
		}
		c.options[a.Key] = append(c.options[a.Key], a.Vals...)
	}
	return c
}

func (c command) arg(i int) string {
	if i >= len(c.args) {
		c.t.Fatalf("%s: argument %d is missing", c.name, i+1)
	}
	return c.args[i]
}

func (c command) option(key, otherwise string) string {
	if v, ok := c.options[key]; ok {
		return v[0]
	}
	return otherwise
}

func (c command) resources(i int) resources.Resources {
	r, err := resources.Parse(c.arg(i))
	if err != nil {
		c.t.Fatalf("%s: %v", c.name, err)
	}
	return r
}

func (c command) duration(i int) time.Duration { return c.parseDuration(c.arg(i)) }

func (c command) parseDuration(s string) time.Duration {
	if s == "none" {
		return offers.NoRefuse
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		c.t.Fatalf("%s: %v", c.name, err)
	}
	return d
}

func (c command) filter() offers.Filter {
	return offers.Filter{Refuse: c.parseDuration(c.option("refuse", "0s"))}
}

func (c command) subscription() offers.Subscription {
	sub := offers.Subscription{Roles: c.options["roles"], Suppressed: c.options["suppressed"]}
	if len(sub.Roles) == 0 {
		sub.Roles = []string{"*"}
	}
	if least, ok := c.options["min"]; ok {
		sub.MinAllocatable = make(map[string][]resources.Quantities)
		for _, role := range sub.Roles {
			sub.MinAllocatable[role] = quantities(least[0])
		}
	}
	return sub
}

func (c command) config() offers.Config {
	cfg := offers.Config{
		FairnessExcluded: c.options["exclude"],
		BatchInterval:    c.parseDuration(c.option("batch", "0s")),
		OfferTimeout:     c.parseDuration(c.option("timeout", "0s")),
		Coalesce:         c.parseDuration(c.option("coalesce", "0s")),
	}
	if least, ok := c.options["min"]; ok {
		cfg.MinAllocatable = quantities(least[0])
	}
	switch p := c.option("policy", "drf"); p {
	case "drf":
		cfg.Policy = policy.DRF()
	case "fifo":
		cfg.Policy = policy.FIFO()
	default:
		c.t.Fatalf("unknown policy %q", p)
	}
	return cfg
}

func quantities(s string) []resources.Quantities {
	list := []resources.Quantities{}
	if s == "none" {
		return list
	}
	for alternative := range strings.SplitSeq(s, "|") {
		q, err := resources.ParseQuantities(alternative)
		if err != nil {
			panic(err)
		}
		list = append(list, q)
	}
	return list
}

// ledger keeps books of its own, to hold the allocator's against.
type ledger struct {
	a      *offers.Allocator
	agents map[proffer.AgentID]*account
}

type account struct {
	info proffer.AgentInfo
	used []offers.Usage
}

func newLedger(a *offers.Allocator) *ledger {
	return &ledger{a: a, agents: make(map[proffer.AgentID]*account)}
}

func (l *ledger) addAgent(info proffer.AgentInfo, used []offers.Usage) {
	l.agents[info.ID] = &account{info: info, used: slices.Clone(used)}
}

func (l *ledger) removeAgent(id proffer.AgentID) { delete(l.agents, id) }

func (l *ledger) removeFramework(id proffer.FrameworkID) {
	for _, g := range l.agents {
		g.used = slices.DeleteFunc(g.used, func(u offers.Usage) bool { return u.FrameworkID == id })
	}
}

func (l *ledger) use(id proffer.AgentID, u offers.Usage) {
	l.agents[id].used = append(l.agents[id].used, u)
}

func (l *ledger) release(id proffer.AgentID, u offers.Usage) {
	g := l.agents[id]
	var sum resources.Resources
	for _, v := range g.used {
		if v.FrameworkID == u.FrameworkID && v.Role == u.Role {
			sum, _ = sum.Add(v.Resources)
		}
	}
	g.used = slices.DeleteFunc(g.used, func(v offers.Usage) bool { return v.FrameworkID == u.FrameworkID && v.Role == u.Role })
	rest, _ := sum.Sub(u.Resources)
	if !rest.IsEmpty() {
		g.used = append(g.used, offers.Usage{FrameworkID: u.FrameworkID, Role: u.Role, Resources: rest})
	}
}

// check reports an agent of which more is offered and used than it has.
func (l *ledger) check(open map[proffer.OfferID]*offers.Offer) error {
	for _, g := range l.agents {
		left := g.info.Resources
		take := func(what string, r resources.Resources) error {
			rest, ok := left.Sub(r)
			if !ok {
				return fmt.Errorf("agent %s of %s: %s of %s takes more than %s", g.info.ID, g.info.Resources, what, r, left)
			}
			left = rest
			return nil
		}
		for _, u := range g.used {
			if err := take("use", u.Resources); err != nil {
				return err
			}
		}
		for _, o := range open {
			if o.AgentID == g.info.ID {
				if err := take("offer", o.Resources); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// dump prints what every agent's resources are at.
func (l *ledger) dump(open map[proffer.OfferID]*offers.Offer) string {
	var b strings.Builder
	ids := make([]proffer.AgentID, 0, len(l.agents))
	for id := range l.agents {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		g := l.agents[id]
		fmt.Fprintf(&b, "%s has %s\n", id, g.info.Resources)
		var lines []string
		for _, u := range g.used {
			lines = append(lines, fmt.Sprintf("  %s (%s) uses %s", u.FrameworkID, u.Role, u.Resources))
		}
		for _, o := range open {
			if o.AgentID == id {
				lines = append(lines, fmt.Sprintf("  %s (%s) is offered %s", o.FrameworkID, o.Role, o.Resources))
			}
		}
		slices.Sort(lines)
		for _, line := range lines {
			fmt.Fprintln(&b, line)
		}
	}
	return b.String()
}
