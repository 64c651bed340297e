package offerstest

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
)

// steps is the length of a random history.
const steps = 150

// history does random things to an allocator and keeps books about it.
type history struct {
	a   *offers.Allocator
	rng *rand.Rand
	now time.Time
	log []string

	agents     []*agentBook
	frameworks []*frameworkBook
	open       []*offers.Offer
	refusals   []refusal
	names      int
}

type agentBook struct {
	id    proffer.AgentID
	total resources.Resources
	used  []offers.Usage
}

type frameworkBook struct {
	id    proffer.FrameworkID
	roles []string
	wants bool // subscribed, connected and not suppressed
}

// refusal is a declined offer, until nothing of it can be in force any more.
type refusal struct {
	framework proffer.FrameworkID
	role      string
	agent     proffer.AgentID
	refused   resources.Resources
	until     time.Time
}

var roles = []string{"*", "a", "a/b", "a/b/c", "d"}

// batch is the allocator's batch interval: it and twice as much is how long
// things may take beside the time that a filter names.
const batch = time.Second

func newHistory(p offers.Policy, seed uint64) (*history, error) {
	a, err := offers.New(offers.Config{
		Policy: p, Seed: seed, Coalesce: -1, BatchInterval: batch, OfferTimeout: 20 * time.Second,
	})
	if err != nil {
		return nil, err
	}
	return &history{a: a, rng: rand.New(rand.NewPCG(seed, 0x6f6666657273)), now: time.Unix(0, 0)}, nil
}

func (h *history) note(format string, args ...any) {
	h.log = append(h.log, fmt.Sprintf(format, args...))
}

func (h *history) last() string { return h.log[len(h.log)-1] }

// step does one thing and lets time pass until the allocator rests.
func (h *history) step() error {
	if err := h.act(); err != nil {
		return fmt.Errorf("after %q: %w", h.last(), err)
	}
	end := h.now.Add(time.Duration(h.rng.IntN(700)) * time.Millisecond)
	for at, due := h.a.Deadline(); due && !at.After(end); at, due = h.a.Deadline() {
		h.now = at
		h.take(h.a.Advance(at))
	}
	h.now = end
	h.take(h.a.Advance(end))
	return nil
}

func (h *history) take(c offers.Changes) {
	for _, o := range c.Rescinded {
		h.note("rescinded %s", o.ID)
		h.close(o)
	}
	for _, o := range c.Offers {
		h.note("offered %s", o)
		h.open = append(h.open, o)
	}
}

func (h *history) close(o *offers.Offer) {
	h.open = slices.DeleteFunc(h.open, func(other *offers.Offer) bool { return other.ID == o.ID })
}

func (h *history) act() error {
	switch n := h.rng.IntN(100); {
	case n < 12 || len(h.agents) == 0:
		return h.addAgent()
	case n < 24 || len(h.frameworks) == 0:
		return h.addFramework()
	case n < 60 && len(h.open) > 0:
		return h.answer(h.open[h.rng.IntN(len(h.open))])
	case n < 76:
		return h.release()
	case n < 80:
		return h.removeAgent()
	case n < 83:
		return h.removeFramework()
	case n < 86:
		role, weight := roles[h.rng.IntN(len(roles))], 0.25+4*h.rng.Float64()
		h.note("weight of %s is %v", role, weight)
		return h.a.SetWeight(role, weight)
	case n < 89:
		role, priority := roles[h.rng.IntN(len(roles))], h.rng.IntN(5)-2
		h.note("priority of %s is %d", role, priority)
		return h.a.SetPriority(role, priority)
	default:
		return h.changeWants()
	}
}

func (h *history) addAgent() error {
	h.names++
	info := proffer.AgentInfo{
		ID:        proffer.AgentID(fmt.Sprintf("agent-%d", h.names)),
		Resources: resources.MustParse(fmt.Sprintf("cpus:%d;mem:%d", 1+h.rng.IntN(8), 64*(1+h.rng.IntN(8)))),
	}
	h.note("agent %s comes with %s", info.ID, info.Resources)
	h.agents = append(h.agents, &agentBook{id: info.ID, total: info.Resources})
	return h.a.AddAgent(h.now, info)
}

func (h *history) removeAgent() error {
	i := h.rng.IntN(len(h.agents))
	id := h.agents[i].id
	h.note("agent %s goes", id)
	h.agents = slices.Delete(h.agents, i, i+1)
	return h.a.RemoveAgent(h.now, id)
}

func (h *history) addFramework() error {
	h.names++
	f := &frameworkBook{id: proffer.FrameworkID(fmt.Sprintf("framework-%d", h.names)), wants: true}
	first := h.rng.IntN(len(roles))
	f.roles = append(f.roles, roles[first])
	if h.rng.IntN(3) == 0 {
		f.roles = append(f.roles, roles[(first+1)%len(roles)])
	}
	h.note("framework %s comes with roles %q", f.id, f.roles)
	h.frameworks = append(h.frameworks, f)
	return h.a.AddFramework(h.now, f.id, offers.Subscription{Roles: f.roles})
}

func (h *history) removeFramework() error {
	i := h.rng.IntN(len(h.frameworks))
	id := h.frameworks[i].id
	h.note("framework %s goes", id)
	h.frameworks = slices.Delete(h.frameworks, i, i+1)
	for _, g := range h.agents {
		g.used = slices.DeleteFunc(g.used, func(u offers.Usage) bool { return u.FrameworkID == id })
	}
	return h.a.RemoveFramework(h.now, id)
}

// changeWants has a framework want offers, or none: by suppressing or by
// losing its connection.
func (h *history) changeWants() error {
	f := h.frameworks[h.rng.IntN(len(h.frameworks))]
	switch {
	case f.wants && h.rng.IntN(2) == 0:
		f.wants = false
		h.note("framework %s suppresses", f.id)
		return h.a.Suppress(h.now, f.id)
	case f.wants:
		h.note("framework %s disconnects and connects", f.id)
		h.refusals = slices.DeleteFunc(h.refusals, func(r refusal) bool { return r.framework == f.id })
		if err := h.a.Deactivate(h.now, f.id); err != nil {
			return err
		}
		return h.a.Activate(h.now, f.id)
	default:
		f.wants = true
		h.note("framework %s revives", f.id)
		h.refusals = slices.DeleteFunc(h.refusals, func(r refusal) bool { return r.framework == f.id })
		return h.a.Revive(h.now, f.id)
	}
}

func (h *history) answer(o *offers.Offer) error {
	h.close(o)
	filter := offers.Filter{Refuse: time.Duration(1+h.rng.IntN(8)) * time.Second}
	if h.rng.IntN(4) == 0 {
		filter.Refuse = offers.NoRefuse
	}
	rest := o.Resources
	used := resources.MustParse(fmt.Sprintf("cpus:0.%d;mem:%d", 1+h.rng.IntN(9), 1+h.rng.IntN(64)))
	left, fits := rest.Sub(used)
	accepts := fits && h.rng.IntN(3) > 0
	if accepts {
		rest = left
	}
	h.refuse(o, rest, filter)
	if !accepts {
		h.note("%s declines %s for %v", o.FrameworkID, o.ID, filter.Refuse)
		return h.a.Decline(h.now, o.ID, filter)
	}
	h.note("%s uses %s of %s", o.FrameworkID, used, o.ID)
	g := h.agent(o.AgentID)
	g.used = append(g.used, offers.Usage{FrameworkID: o.FrameworkID, Role: o.Role, Resources: used})
	return h.a.Accept(h.now, []proffer.OfferID{o.ID}, used, filter)
}

func (h *history) refuse(o *offers.Offer, rest resources.Resources, filter offers.Filter) {
	h.refusals = append(h.refusals, refusal{
		framework: o.FrameworkID, role: o.Role, agent: o.AgentID, refused: rest,
		until: h.now.Add(max(filter.Refuse, 0) + 2*batch),
	})
}

func (h *history) release() error {
	var busy []*agentBook
	for _, g := range h.agents {
		if len(g.used) > 0 {
			busy = append(busy, g)
		}
	}
	if len(busy) == 0 {
		h.note("nothing ends")
		return nil
	}
	g := busy[h.rng.IntN(len(busy))]
	i := h.rng.IntN(len(g.used))
	u := g.used[i]
	h.note("%s releases %s of %s", u.FrameworkID, u.Resources, g.id)
	g.used = slices.Delete(g.used, i, i+1)
	return h.a.Release(h.now, g.id, u)
}

func (h *history) agent(id proffer.AgentID) *agentBook {
	i := slices.IndexFunc(h.agents, func(g *agentBook) bool { return g.id == id })
	if i < 0 {
		return nil
	}
	return h.agents[i]
}

// check holds what is offered against the books: no agent gives more than it
// has, and what somebody wants and has not refused lies nowhere.
func (h *history) check() error {
	worthOffering := resources.MustParseQuantities("cpus:0.01")
	slices.SortFunc(h.open, func(x, y *offers.Offer) int { return cmp.Compare(x.ID, y.ID) })
	for _, g := range h.agents {
		free := g.total
		var ok bool
		for _, u := range g.used {
			if free, ok = free.Sub(u.Resources); !ok {
				return fmt.Errorf("agent %s is over-committed: %s uses %s beyond %s", g.id, u.FrameworkID, u.Resources, g.total)
			}
		}
		for _, o := range h.open {
			if o.AgentID != g.id {
				continue
			}
			if free, ok = free.Sub(o.Resources); !ok {
				return fmt.Errorf("agent %s is over-committed: offer %s is beyond what is left of %s", g.id, o, g.total)
			}
		}
		if !free.Quantities().Contains(worthOffering) {
			continue
		}
		if f, role := h.taker(g.id); f != nil {
			return fmt.Errorf("%s of agent %s is offered to nobody, although %s in role %q wants it", free, g.id, f.id, role)
		}
	}
	return nil
}

// taker returns somebody who wants offers and has refused none of the agent.
func (h *history) taker(id proffer.AgentID) (*frameworkBook, string) {
	h.refusals = slices.DeleteFunc(h.refusals, func(r refusal) bool { return !r.until.After(h.now) })
	for _, f := range h.frameworks {
		if !f.wants {
			continue
		}
		for _, role := range f.roles {
			refused := slices.ContainsFunc(h.refusals, func(r refusal) bool {
				return r.framework == f.id && r.role == role && r.agent == id
			})
			if !refused {
				return f, role
			}
		}
	}
	return nil, ""
}
