package offers_test

import (
	"flag"
	"fmt"
	"maps"
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
//	new [policy=drf|fifo|hdrf|priority] [order=spread|binpack|bestfit] [hold=5m] [patience=1m] [region=r] [preempt=(after,grace,keep)]
//	     [batch=1s] [timeout=30s] [min="cpus:0.01|mem:32"|none] [exclude=gpus] [coalesce=2ms]
//	add-agent ID RESOURCES [attributes] [region=r] [zone=z] [used=FRAMEWORK:ROLE:RESOURCES ...]
//	remove-agent ID
//	subscribe FRAMEWORK [roles=a,b] [suppressed=a] [min=...] [can=(gpus,regions,revocable,shared)], its constraints in the line below
//	update FRAMEWORK roles=a,b [suppressed=a]
//	remove FRAMEWORK | deactivate FRAMEWORK | activate FRAMEWORK
//	weight ROLE WEIGHT
//	accept OFFER[+OFFER] RESOURCES [refuse=5s|none]
//	decline OFFER [refuse=5s|none]
//	rescind OFFER
//	release FRAMEWORK AGENT RESOURCES [role=*]
//	suppress FRAMEWORK [ROLE ...] | revive FRAMEWORK [ROLE ...]
//	quota ROLE ... [guarantee=cpus:1;mem:32] [limit=cpus:2]
//	priority ROLE NUMBER
//	update-agent ID RESOURCES|- [attributes] | deactivate-agent ID | activate-agent ID
//	maintain ID [START [for=DURATION]] | answer-inverse ID accept|decline [refuse=5s]
//	demand FRAMEWORK COUNT*RESOURCES ... [role=*] [gang=yes] [per-agent=1] [devices=gpu:1:0.5], constraints likewise
//	clear-demand FRAMEWORK [role=*]
//	hold OFFER ... | accept-all FRAMEWORK OFFER=RESOURCES ...
//	accept OFFER [RESOURCES] [reserve=RESOURCES>ROLE] [unreserve=...] [create=VOLUMES] [destroy=VOLUMES] [grow=VOLUME>DISK] [shrink=VOLUME>MIB]
//	convert AGENT reserve=RESOURCES>ROLE | ...
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
	case "answer-inverse":
		return s.a.AnswerInverse(s.now, proffer.InverseOfferID(c.arg(0)), c.arg(1) == "accept", c.filter())
	case "quota":
		return s.a.SetQuotas(s.now, c.quotas())
	case "priority":
		p, err := strconv.Atoi(c.arg(1))
		if err != nil {
			return err
		}
		return s.a.SetPriority(c.arg(0), p)
	case "update-agent":
		return s.updateAgent(c)
	case "deactivate-agent":
		return s.a.DeactivateAgent(s.now, proffer.AgentID(c.arg(0)))
	case "activate-agent":
		return s.a.ActivateAgent(s.now, proffer.AgentID(c.arg(0)))
	case "maintain":
		var u *offers.Unavailability
		if len(c.args) > 1 {
			u = &offers.Unavailability{Start: s.start.Add(c.duration(1)), Duration: c.parseDuration(c.option("for", "0s"))}
		}
		return s.a.SetUnavailability(s.now, proffer.AgentID(c.arg(0)), u)
	case "demand":
		return s.a.SetDemand(s.now, framework, c.option("role", "*"), c.demands()...)
	case "clear-demand":
		return s.a.ClearDemand(s.now, framework, c.option("role", "*"))
	case "hold":
		var ids []proffer.OfferID
		for _, id := range c.args {
			ids = append(ids, proffer.OfferID(id))
		}
		return s.a.Hold(s.now, ids...)
	case "accept-all":
		return s.acceptAll(c)
	case "convert":
		v, err := c.conversions("*")
		if err != nil {
			return err
		}
		if err := s.a.Convert(s.now, proffer.AgentID(c.arg(0)), v[0]); err != nil {
			return err
		}
		s.book.convert(proffer.AgentID(c.arg(0)), v)
		return nil
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
		Domain: proffer.Domain{Region: c.option("region", ""), Zone: c.option("zone", "")},
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
	var used resources.Resources
	if len(c.args) > 1 {
		used = c.resources(1)
	}
	o := s.open[ids[0]]
	role := ""
	if o != nil {
		role = o.Role
	}
	v, err := c.conversions(role)
	if err != nil {
		return err
	}
	answer := offers.Answer{OfferIDs: ids, Conversions: v, Used: used, Filter: c.filter()}
	if err := s.a.AcceptAll(s.now, answer); err != nil {
		return err
	}
	s.book.convert(o.AgentID, v)
	if !used.IsEmpty() {
		s.book.use(o.AgentID, offers.Usage{FrameworkID: o.FrameworkID, Role: o.Role, Resources: used})
	}
	for _, id := range ids {
		delete(s.open, id)
	}
	return nil
}

// acceptAll accepts OFFER=RESOURCES of several agents.
func (s *script) acceptAll(c command) error {
	var answers []offers.Answer
	for _, id := range slices.Sorted(maps.Keys(c.options)) {
		if id == "refuse" {
			continue
		}
		answers = append(answers, offers.Answer{
			OfferIDs: []proffer.OfferID{proffer.OfferID(id)}, Used: resources.MustParse(c.options[id][0]), Filter: c.filter(),
		})
	}
	if err := s.a.AcceptAll(s.now, answers...); err != nil {
		return err
	}
	for _, answer := range answers {
		o := s.open[answer.OfferIDs[0]]
		s.book.use(o.AgentID, offers.Usage{FrameworkID: o.FrameworkID, Role: o.Role, Resources: answer.Used})
		delete(s.open, o.ID)
	}
	return nil
}

func (s *script) updateAgent(c command) error {
	g, ok := s.book.agents[proffer.AgentID(c.arg(0))]
	if !ok {
		return fmt.Errorf("unknown agent %s", c.arg(0))
	}
	info := g.info
	if r := c.arg(1); r != "-" {
		info.Resources = c.resources(1)
	}
	if len(c.args) > 2 {
		info.Attributes = resources.MustParseAttributes(c.arg(2))
	}
	if err := s.a.UpdateAgent(s.now, info); err != nil {
		return err
	}
	g.info, g.shrunk = info, true
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
		s.print(out, s.a.Advance(s.now))
	}
	s.print(out, s.a.Advance(s.now))
	s.now = end
}

func (s *script) print(out *strings.Builder, c offers.Changes) {
	for _, o := range c.Rescinded {
		delete(s.open, o.ID)
		fmt.Fprintf(out, "%s rescinded %s from %s\n", s.clock(), o.ID, o.FrameworkID)
	}
	for _, o := range c.RescindedInverse {
		fmt.Fprintf(out, "%s rescinded inverse %s from %s\n", s.clock(), o.ID, o.FrameworkID)
	}
	for _, o := range c.Offers {
		s.open[o.ID] = o
		fmt.Fprintf(out, "%s %s to %s (%s): %s %s", s.clock(), o.ID, o.FrameworkID, o.Role, o.AgentID, o.Resources)
		if u := o.Unavailability; u != nil {
			fmt.Fprintf(out, ", down from +%s", u.Start.Sub(s.start))
		}
		fmt.Fprintln(out)
	}
	for _, o := range c.InverseOffers {
		fmt.Fprintf(out, "%s inverse %s", s.clock(), o)
		if u := o.Unavailability; u != nil {
			fmt.Fprintf(out, ", down from +%s", u.Start.Sub(s.start))
		} else {
			fmt.Fprintf(out, " by +%s", o.By.Sub(s.start))
		}
		fmt.Fprintln(out)
	}
	for _, e := range c.Evictions {
		fmt.Fprintf(out, "%s evict %s of role %s from %s: %s\n", s.clock(), e.FrameworkID, e.Role, e.AgentID, e.Resources)
	}
}

func (s *script) clock() string { return "+" + s.now.Sub(s.start).Round(10*time.Millisecond).String() }

// command is one line of a script, taken apart.
type command struct {
	t       *testing.T
	name    string
	args    []string
	options map[string][]string
	input   string // the lines below it
}

func commandOf(t *testing.T, d *datadriven.TestData) command {
	c := command{t: t, name: d.Cmd, options: make(map[string][]string), input: d.Input}
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
	sub := offers.Subscription{Roles: c.options["roles"], Suppressed: append([]string{}, c.options["suppressed"]...)}
	if len(sub.Roles) == 0 {
		sub.Roles = []string{"*"}
	}
	for _, capability := range c.options["can"] {
		switch capability {
		case "gpus":
			sub.Capabilities.GPUs = true
		case "regions":
			sub.Capabilities.RegionAware = true
		case "revocable":
			sub.Capabilities.Revocable = true
		case "shared":
			sub.Capabilities.SharedVolumes = true
		default:
			c.t.Fatalf("unknown capability %q", capability)
		}
	}
	if c.input != "" {
		parsed, err := offers.ParseConstraints(c.input)
		if err != nil {
			c.t.Fatalf("%s: %v", c.name, err)
		}
		sub.Constraints = make(map[string]offers.Constraints)
		for _, role := range sub.Roles {
			sub.Constraints[role] = parsed
		}
	}
	if least, ok := c.options["min"]; ok {
		sub.MinAllocatable = make(map[string][]resources.Quantities)
		for _, role := range sub.Roles {
			sub.MinAllocatable[role] = quantities(least[0])
		}
	}
	return sub
}

// quotas reads ROLE guarantee=... limit=...; several roles are separated by
// "and".
func (c command) quotas() map[string]offers.Quota {
	q := offers.Quota{}
	if g, ok := c.options["guarantee"]; ok {
		q.Guarantee = resources.MustParseQuantities(g[0])
	}
	if l, ok := c.options["limit"]; ok {
		q.Limit = make(map[string]resources.Scalar)
		for part := range strings.SplitSeq(l[0], ";") {
			name, amount, _ := strings.Cut(part, ":")
			q.Limit[name] = resources.MustParse("x:" + amount).Scalar("x")
		}
	}
	quotas := make(map[string]offers.Quota)
	for _, role := range c.args {
		quotas[role] = q
	}
	return quotas
}

// demands reads COUNT*RESOURCES, each with the constraints of the input.
func (c command) demands() []offers.Demand {
	var list []offers.Demand
	for _, text := range c.args[1:] {
		var d offers.Demand
		if c.input != "" {
			parsed, err := offers.ParseConstraints(c.input)
			if err != nil {
				c.t.Fatalf("%s: %v", c.name, err)
			}
			d.Constraints = parsed
		}
		count, shape, ok := strings.Cut(text, "*")
		if !ok {
			c.t.Fatalf("%s: %q is not COUNT*RESOURCES", c.name, text)
		}
		d.Count, _ = strconv.Atoi(count)
		d.Resources = resources.MustParseQuantities(shape)
		d.Gang = c.option("gang", "no") == "yes"
		d.PerAgent, _ = strconv.Atoi(c.option("per-agent", "0"))
		if dev, ok := c.options["devices"]; ok { // family:count:each
			part := strings.Split(dev[0], ":")
			d.Devices.Family = part[0]
			d.Devices.Count, _ = strconv.Atoi(part[1])
			d.Devices.Each = resources.MustParse("x:" + part[2]).Scalar("x")
		}
		list = append(list, d)
	}
	return list
}

// conversions reads reserve=RESOURCES>ROLE, unreserve=RESOURCES,
// create=VOLUMES, destroy=VOLUMES, grow=VOLUME>DISK, shrink=VOLUME>MIB, in this
// order.
func (c command) conversions(role string) ([]offers.Conversion, error) {
	var list []offers.Conversion
	for _, verb := range []string{"unreserve", "reserve", "create", "grow", "shrink", "destroy"} {
		for _, text := range c.options[verb] {
			what, how := text, ""
			if i := strings.LastIndex(text, ">"); i >= 0 && verb != "create" && verb != "destroy" && verb != "unreserve" {
				what, how = text[:i], text[i+1:]
			}
			r := resources.MustParse(what)
			var op offers.Operation
			by := role
			switch verb {
			case "reserve":
				if how != "" {
					by = how
				}
				op = offers.Reserve{Resources: r, By: resources.Reservation{Role: by, Dynamic: true}}
				if role == "*" {
					role = by
				}
			case "unreserve":
				op = offers.Unreserve{Resources: r}
			case "create":
				op = offers.Create{Volumes: r}
			case "destroy":
				op = offers.Destroy{Volumes: r}
			case "grow":
				op = offers.Grow{Volume: r, Addition: resources.MustParse(how)}
			case "shrink":
				op = offers.Shrink{Volume: r, By: resources.MustParse("x:" + how).Scalar("x")}
			}
			v, err := offers.Convert(op, role)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
	}
	return list, nil
}

func (c command) config() offers.Config {
	cfg := offers.Config{
		HoldTimeout:      c.parseDuration(c.option("hold", "0s")),
		GangPatience:     c.parseDuration(c.option("patience", "0s")),
		Region:           c.option("region", ""),
		FairnessExcluded: c.options["exclude"],
		BatchInterval:    c.parseDuration(c.option("batch", "0s")),
		OfferTimeout:     c.parseDuration(c.option("timeout", "0s")),
		Coalesce:         c.parseDuration(c.option("coalesce", "0s")),
	}
	if least, ok := c.options["min"]; ok {
		cfg.MinAllocatable = quantities(least[0])
	}
	switch order := c.option("order", ""); order {
	case "":
	case "spread":
		cfg.AgentOrder = policy.Spread()
	case "binpack":
		cfg.AgentOrder = policy.Binpack()
	case "bestfit":
		cfg.AgentOrder = policy.BestFit()
	default:
		c.t.Fatalf("unknown agent order %q", order)
	}
	if p, ok := c.options["preempt"]; ok { // after,grace,keep
		cfg.Preemption = &offers.Preemption{After: c.parseDuration(p[0]), Grace: c.parseDuration(p[1]), Keep: c.parseDuration(p[2])}
	}
	switch p := c.option("policy", "drf"); p {
	case "hdrf":
		cfg.Policy = policy.HDRF()
	case "priority":
		cfg.Policy = policy.Priority()
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
	info   proffer.AgentInfo
	used   []offers.Usage
	shrunk bool // its total has changed: it may have less than is taken
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

func (l *ledger) convert(id proffer.AgentID, list []offers.Conversion) {
	g := l.agents[id]
	for _, v := range list {
		rest, _ := g.info.Resources.Sub(v.Consumed)
		g.info.Resources, _ = rest.Add(v.Converted)
	}
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
		if g.shrunk {
			continue
		}
		left := g.info.Resources.NonShared()
		take := func(what string, r resources.Resources) error {
			rest, ok := left.Sub(r.NonShared())
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
