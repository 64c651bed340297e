package offerstest

import (
	"fmt"

	"github.com/proffer-go/proffer/offers"
)

// watcher is a policy that watches another one.
type watcher struct {
	offers.Policy
	tree      *offers.Tree
	violation error // the first one
}

// Reset implements [offers.Policy].
func (w *watcher) Reset(t *offers.Tree) {
	w.tree = t
	w.Policy.Reset(t)
}

// Order implements [offers.Policy].
func (w *watcher) Order(enter, yield func(*offers.Node) bool) {
	seen := make(map[*offers.Node]bool)
	stopped := false
	w.Policy.Order(enter, func(n *offers.Node) bool {
		switch {
		case stopped:
			w.violate("the order goes on with %s after it was told to stop", name(n))
			return false
		case n == nil || n.Kind() != offers.KindClient:
			w.violate("the order has %s, which is no client", name(n))
			return false
		case seen[n]:
			w.violate("the order has %s twice", name(n))
		case !active(n):
			w.violate("the order has %s, which is not active", name(n))
		}
		seen[n] = true
		stopped = !yield(n)
		return !stopped
	})
	if stopped || w.tree == nil {
		return
	}
	w.missing(w.tree.Root(), enter, seen)
}

// complete asks for a whole order.
func (w *watcher) complete() {
	if w.tree == nil {
		return
	}
	// What changed since the last run may be more than Changed tells.
	w.Policy.Reset(w.tree)
	w.Order(nil, func(*offers.Node) bool { return true })
}

// missing looks for active clients that the order did not have.
func (w *watcher) missing(n *offers.Node, enter func(*offers.Node) bool, seen map[*offers.Node]bool) {
	switch {
	case !n.Active():
		return
	case n.Kind() == offers.KindClient:
		if !seen[n] {
			w.violate("the order lacks %s, which is active", name(n))
		}
		return
	case n.Kind() == offers.KindRole && enter != nil && !enter(n):
		return
	}
	for _, child := range n.Children() {
		w.missing(child, enter, seen)
	}
}

func (w *watcher) violate(format string, args ...any) {
	if w.violation == nil {
		w.violation = fmt.Errorf(format, args...)
	}
}

// active reports whether the node and all above it are active.
func active(n *offers.Node) bool {
	for ; n != nil; n = n.Parent() {
		if !n.Active() {
			return false
		}
	}
	return true
}

func name(n *offers.Node) string {
	if n == nil {
		return "nil"
	}
	return fmt.Sprintf("%q of role %q", n.Path(), n.Role())
}
