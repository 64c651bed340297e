package offers

import (
	"fmt"
	"slices"
	"time"

	"github.com/proffer-go/proffer"
)

// placeGang offers places for all tasks of the gang, or none.
func (a *Allocator) placeGang(now time.Time, w *want) {
	made, first := len(a.changes.Offers), a.nextOffer
	var placed []decision
	for w.left > 0 {
		d := a.findPlace(w, false)
		if d.want == nil {
			break
		}
		a.place(now, d)
		placed = append(placed, d)
	}
	if w.left == 0 {
		return
	}
	// Undo it, as if it had never been tried. What else is being put together
	// stays as it is.
	a.finishBuilding()
	for _, o := range a.changes.Offers[made:] {
		x, _ := a.outstanding(o.ID)
		a.settle(x)
		x.returnDemand(0)
	}
	for _, d := range placed {
		a.credit(w.client, d.agent, d.part)
		sum, err := d.agent.available.Add(d.part)
		if err != nil {
			panic("offers: undoing a gang: " + err.Error())
		}
		a.setAvailable(d.agent, sum)
		a.agentChanged(d.agent, true)
	}
	a.changes.Offers, a.nextOffer = a.changes.Offers[:made], first
	for n := w.client.node; n != nil; n = n.parent {
		n.count -= uint64(len(placed))
	}
	a.cfg.Policy.Changed(w.client.node)
	if !w.waiting {
		w.wait(a)
	}
	w.shape.live = true // for others, who need fewer places
	w.why = WhyGang
}

// A gang that is first in the policy's order but finds no places for all of its
// tasks could wait for ever while small tasks take what becomes free. When it
// has waited for Config.GangPatience, those behind it are offered nothing for
// Config.HoldTimeout, so that places gather; then it is patient again. A gang
// for which the whole cluster is too small blocks nobody.
func (a *Allocator) gangBlocks(w *want) bool {
	if !w.stated.Gang || a.cfg.GangPatience < 0 {
		return false
	}
	if blocking, _ := a.gangPhase(w); !blocking {
		return false
	}
	if w.asked != a.runs { // once a run: it is asked for every agent that is offered
		w.asked, w.canFit = a.runs, a.gangCanFit(w)
	}
	return w.canFit
}

// blocker returns a gang of another client that blocks, if there is any.
func (a *Allocator) blocker(c *client) *want {
	for _, w := range a.gangs {
		if w.client != c && w.client.node.Active() && a.gangBlocks(w) {
			return w
		}
	}
	return nil
}

// gangPhase tells whether the gang blocks, and when that changes.
func (a *Allocator) gangPhase(w *want) (blocking bool, until int64) {
	patience, hold := int64(a.cfg.GangPatience), int64(a.cfg.HoldTimeout)
	if hold < 0 {
		if begin := w.since + patience; a.clock < begin {
			return false, begin
		}
		return true, never
	}
	begin := a.clock - (a.clock-w.since)%(patience+hold)
	if a.clock-begin >= patience {
		return true, begin + patience + hold
	}
	return false, begin + patience
}

func (a *Allocator) gangWakes(w *want) int64 {
	if a.cfg.GangPatience < 0 {
		return never
	}
	_, until := a.gangPhase(w)
	return until
}

// gangCanFit reports whether idle agents would have places for the gang.
func (a *Allocator) gangCanFit(w *want) bool {
	places := 0
	for _, g := range a.agentList {
		if !g.open() || !admit(w.shape.caps, g) || !w.shape.agents.match(&g.info) {
			continue
		}
		total := a.tree.names.amounts(g.info.Resources.AllocatableTo(w.client.node.Role()), nil)
		fit := w.left
		for i, x := range w.shape.needs {
			if x > 0 {
				fit = min(fit, int(total.at(i)/x))
			}
		}
		if places += fit; places >= w.left {
			return true
		}
	}
	return false
}

// gangDeadline returns when a gang begins or ends to block others.
func (a *Allocator) gangDeadline() (int64, bool) {
	at := never
	for _, w := range a.gangs {
		at = min(at, w.wakes)
	}
	return at, at != never
}

// gangDue reports whether one of them is due.
func (a *Allocator) gangDue() bool {
	at, ok := a.gangDeadline()
	return ok && at <= a.clock
}

// Hold keeps offers for a gang that is still being gathered: they time out
// after Config.HoldTimeout, in place of the offer time-out, and do not count in
// the shares of the framework meanwhile, so that it is not passed over for what
// it cannot use yet. Those that time out are refused for as long, so that
// others have their turn. An offer is held once.
func (a *Allocator) Hold(now time.Time, ids ...proffer.OfferID) error {
	list := make([]*outstanding, 0, len(ids))
	for _, id := range ids {
		o, ok := a.outstanding(id)
		if !ok {
			return fmt.Errorf("hold: %w: %s", ErrUnknownOffer, id)
		}
		if !o.held && !slices.Contains(list, o) {
			list = append(list, o)
		}
	}
	a.touch(now)
	defer a.audit()
	for _, o := range list {
		o.held = true
		a.waiting.remove(o)
		if o.deadline = never; a.cfg.HoldTimeout >= 0 {
			o.deadline = a.at(now) + int64(a.cfg.HoldTimeout)
		}
		a.waiting.insert(o)
		a.countInShare(o, false)
	}
	return nil
}

// endHold has the offer count in shares again, as its resources are used now or
// are about to be credited.
func (a *Allocator) endHold(o *outstanding) {
	o.held = false
	a.countInShare(o, true)
}

func (a *Allocator) countInShare(o *outstanding, counts bool) {
	v := a.tree.names.amounts(o.offer.Resources.NonShared(), nil)
	for n := o.client.node; n != nil; n = n.parent {
		if counts {
			n.allocated.add(v)
		} else {
			n.allocated.sub(v)
		}
	}
	a.cfg.Policy.Changed(o.client.node)
}
