package policy_test

import (
	"slices"
	"testing"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
)

// spy shows the tree that the allocator hands to a policy.
type spy struct {
	offers.Policy
	tree *offers.Tree
}

func (s *spy) Reset(t *offers.Tree) {
	s.tree = t
	s.Policy.Reset(t)
}

// order returns the frameworks in the order of the policy.
func (s *spy) order() []string {
	var list []string
	s.Order(nil, func(n *offers.Node) bool {
		list = append(list, string(n.Framework()))
		return true
	})
	return list
}

// newSpied returns an allocator with the policy, and the tree it works on. It
// makes no offers unless it is advanced, so that the tree is the caller's.
func newSpied(t testing.TB, p offers.Policy) (*offers.Allocator, *spy) {
	t.Helper()
	s := &spy{Policy: p}
	a, err := offers.New(offers.Config{Policy: s, Coalesce: -1, MinAllocatable: []resources.Quantities{}})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(0, 0)
	must(t, a.AddFramework(now, "to-have-a-run", offers.Subscription{Roles: []string{"nobody"}}))
	must(t, a.AddAgent(now, proffer.AgentInfo{ID: "to-have-a-run", Resources: resources.MustParse("cpus:1")}))
	a.Advance(now)
	must(t, a.RemoveAgent(now, "to-have-a-run"))
	must(t, a.RemoveFramework(now, "to-have-a-run"))
	s.Reset(s.tree)
	return a, s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// naiveOrder walks the tree by sorting all siblings.
func naiveOrder(n *offers.Node, compare func(a, b *offers.Node) int) []string {
	if !n.Active() {
		return nil
	}
	if n.Kind() == offers.KindClient {
		return []string{string(n.Framework())}
	}
	var list []string
	for _, child := range slices.SortedStableFunc(slices.Values(n.Children()), compare) {
		list = append(list, naiveOrder(child, compare)...)
	}
	return list
}
