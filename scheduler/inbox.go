package scheduler

import (
	"slices"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
)

// inbox holds the events that were received and not yet handled. Offers are
// merged into one event and take turns with the others, so that neither waits
// for the whole of the other.
type inbox struct {
	offers     []*offers.Offer
	others     []Event
	head       int // of others
	offersLast bool

	// awaited are the tasks without an answer: offers are kept back until
	// there is none.
	awaited map[proffer.TaskID]struct{}
}

// empty reports whether there is nothing to handle now.
func (b *inbox) empty() bool {
	return (len(b.offers) == 0 || len(b.awaited) > 0) && b.head == len(b.others)
}

func (b *inbox) await(id proffer.TaskID) {
	if b.awaited == nil {
		b.awaited = make(map[proffer.TaskID]struct{})
	}
	b.awaited[id] = struct{}{}
}

// answered tells that something has been told of a task.
func (b *inbox) answered(id proffer.TaskID) { delete(b.awaited, id) }

func (b *inbox) put(e Event) {
	switch e := e.(type) {
	case *OffersEvent:
		b.offers = append(b.offers, e.Offers...)
		return
	case *RescindEvent:
		if b.remove(e.OfferID) {
			return // never delivered: nothing to tell
		}
	default:
	}
	b.others = append(b.others, e)
}

func (b *inbox) remove(id proffer.OfferID) bool {
	i := slices.IndexFunc(b.offers, func(o *offers.Offer) bool { return o.ID == id })
	if i < 0 {
		return false
	}
	b.offers = slices.Delete(b.offers, i, i+1)
	return true
}

// next takes the event that is to be handled now, nil if there is none.
func (b *inbox) next() Event {
	othersWait := b.head < len(b.others)
	if len(b.offers) > 0 && len(b.awaited) == 0 && (!othersWait || !b.offersLast) && !b.subscribing() {
		e := &OffersEvent{Offers: b.offers}
		b.offers, b.offersLast = nil, true
		return e
	}
	if !othersWait {
		return nil
	}
	e := b.others[b.head]
	b.others[b.head] = nil
	b.head++
	if b.head == len(b.others) {
		b.others, b.head = b.others[:0], 0
	}
	b.offersLast = false
	return e
}

// subscribing reports whether the subscription itself is still to be handled.
func (b *inbox) subscribing() bool {
	if b.head == len(b.others) {
		return false
	}
	_, ok := b.others[b.head].(*SubscribedEvent)
	return ok
}
