package offers

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/resources"
)

// Quota bounds what a role, with all roles below it, may have of scalar
// resources. What counts is everything reserved to the role or below it, used
// or not, and what its frameworks are offered or use of unreserved resources;
// revocable ones do not count.
type Quota struct {
	// Guarantee is kept free for the role: others are offered only what is
	// left when every guarantee can still be met.
	Guarantee resources.Quantities

	// Limit is the most that the role may have. It binds at every level: a
	// framework in a/b is bound by the limits of a/b and of a. A name that is
	// missing is not limited.
	Limit map[string]resources.Scalar
}

// quota is a Quota as vectors.
type quota struct {
	stated    Quota
	guarantee vector
	limit     vector // unlimited where there is none
}

const unlimited = int64(1)<<62 - 1

// SetQuota sets the quota of one role; see [Allocator.SetQuotas].
func (a *Allocator) SetQuota(now time.Time, role string, q Quota) error {
	return a.SetQuotas(now, map[string]Quota{role: q})
}

// SetQuotas sets the quotas of several roles, all or none of them. The zero
// Quota removes one. A guarantee must not exceed the limit of the same role,
// nor the guarantees of the roles right below a role that role's own limit.
// Outstanding offers are rescinded until the limits hold, and then until the
// guarantees can be met; what is in use stays.
func (a *Allocator) SetQuotas(now time.Time, quotas map[string]Quota) error {
	roles := slices.Sorted(maps.Keys(quotas))
	var errs []error
	for _, role := range roles {
		if err := proffer.ValidateRole(role); err != nil {
			errs = append(errs, fmt.Errorf("offers: set quota: %w", err))
		} else if err := quotas[role].validate(); err != nil {
			errs = append(errs, fmt.Errorf("offers: set quota of role %q: %w", role, err))
		}
	}
	if err := errors.Join(append(errs, a.checkNesting(quotas))...); err != nil {
		return err
	}
	a.touch(now)
	defer a.audit()
	for _, role := range roles {
		n := a.tree.role(role)
		a.tree.setQuota(n, quotas[role])
		a.tree.detach(n)
	}
	a.stale = true
	for _, role := range roles {
		if n, ok := a.tree.roles[role]; ok {
			a.rescindAbove(now, n)
		}
	}
	a.rescindForGuarantees(now, roles)
	a.roomGrew = true
	a.lookAtAll(now)
	a.requestRun(now)
	return nil
}

// Quota returns the quota of a role; it is zero where none was set.
func (a *Allocator) Quota(role string) Quota {
	if n, ok := a.tree.roles[role]; ok && n.quota != nil {
		return n.quota.stated
	}
	return Quota{}
}

func (q Quota) isZero() bool { return q.Guarantee.IsEmpty() && len(q.Limit) == 0 }

func (q Quota) validate() error {
	var errs []error
	for name, limit := range q.Limit {
		if limit < 0 {
			errs = append(errs, fmt.Errorf("limit %s:%s is negative", name, limit))
		}
		if g := q.Guarantee.Get(name); g > limit {
			errs = append(errs, fmt.Errorf("guarantee %s:%s is above the limit %s:%s", name, g, name, limit))
		}
		if name == resources.Ports {
			errs = append(errs, errors.New("limit of ports: quotas are of scalar resources"))
		}
	}
	if q.Guarantee.Get(resources.Ports) > 0 {
		errs = append(errs, errors.New("guarantee of ports: quotas are of scalar resources"))
	}
	slices.SortFunc(errs, func(x, y error) int { return strings.Compare(x.Error(), y.Error()) })
	return errors.Join(errs...)
}

// checkNesting reports a role whose limit is below what is guaranteed right
// below it: such guarantees could never be met.
func (a *Allocator) checkNesting(changes map[string]Quota) error {
	stated := make(map[string]Quota, len(changes))
	for role, n := range a.tree.roles {
		if n.quota != nil {
			stated[role] = n.quota.stated
		}
	}
	maps.Copy(stated, changes)
	sums := make(map[string]resources.Quantities)
	roles := slices.Sorted(maps.Keys(stated))
	for _, role := range roles {
		q := stated[role]
		if i := strings.LastIndexByte(role, '/'); i >= 0 {
			sum, err := sums[role[:i]].Add(q.Guarantee)
			if err != nil {
				return fmt.Errorf("offers: set quota: guarantees below role %q: %w", role[:i], err)
			}
			sums[role[:i]] = sum
		}
	}
	var errs []error
	for _, role := range roles {
		for name, sum := range sums[role].All() {
			if limit, ok := stated[role].Limit[name]; ok && sum > limit {
				errs = append(errs, fmt.Errorf("offers: set quota: guarantees of %s:%s below role %q are above its limit %s:%s",
					name, sum, role, name, limit))
			}
		}
	}
	return errors.Join(errs...)
}

func (t *Tree) setQuota(n *Node, q Quota) {
	if n.quota != nil {
		t.quotas--
	}
	n.quota = nil
	if !q.isZero() {
		t.quotas++
		n.quota = &quota{stated: q, guarantee: t.names.quantities(q.Guarantee)}
		for name, limit := range q.Limit {
			i := t.names.number(name)
			for len(n.quota.limit) <= i {
				n.quota.limit = append(n.quota.limit, unlimited)
			}
			n.quota.limit[i] = int64(limit)
		}
	}
	t.needChanged(n)
}

// consumedChanged brings the needs above a client in line.
func (t *Tree) consumedChanged(client *Node) {
	if t.quotas > 0 {
		t.needChanged(client.parent.parent)
	}
}

// needChanged computes need of the role and of those above it anew: what a
// guarantee lacks, or what those below lack together, whichever is more.
func (t *Tree) needChanged(role *Node) {
	for n := role; n != nil; n = n.parent {
		size := len(n.childNeed)
		if n.quota != nil {
			size = max(size, len(n.quota.guarantee))
		}
		for i := range max(size, len(n.need)) {
			before, now := n.need.at(i), max(n.ownNeed(i), n.childNeed.at(i))
			if before == now {
				continue
			}
			n.need = n.need.plus(i, now-before)
			if n.parent != nil {
				n.parent.childNeed = n.parent.childNeed.plus(i, now-before)
			}
		}
	}
}

// ownNeed is what the role's own guarantee lacks.
func (n *Node) ownNeed(i int) int64 {
	if n.quota == nil {
		return 0
	}
	return max(n.quota.guarantee.at(i)-n.reserved.at(i)-n.consumed.at(i), 0)
}

// room returns how much more of a resource the role may have under its limit
// and those above it, and the role whose limit is the narrowest, nil if none
// is limited.
func (n *Node) room(i int) (room int64, by *Node) {
	room = unlimited
	for ; n != nil; n = n.parent {
		if n.quota == nil || i >= len(n.quota.limit) || n.quota.limit[i] == unlimited {
			continue
		}
		if r := max(n.quota.limit[i]-n.reserved.at(i)-n.consumed.at(i), 0); by == nil || r < room {
			room, by = r, n
		}
	}
	return room, by
}

// unmet returns how much of a resource given to a client of the role would
// serve guarantees: its own, and of those above it what they lack beyond the
// guarantees below them, which are for others.
func (n *Node) unmet(i int) int64 {
	var unmet int64
	for ; n != nil; n = n.parent {
		unmet += max(n.ownNeed(i)-n.childNeed.at(i), 0)
	}
	return unmet
}

// headroom returns how much of a resource may be offered beyond guarantees:
// what is free in the cluster less what all guarantees still lack.
func (a *Allocator) headroom(i int) int64 {
	if need := a.tree.root.need.at(i); need > 0 {
		return max(a.free.at(i)-need, 0)
	}
	return unlimited
}

// rescindAbove takes back offers below a role until its limit holds.
func (a *Allocator) rescindAbove(now time.Time, n *Node) {
	for a.exceeds(n) {
		o := a.waiting.last
		for o != nil && !o.client.node.within(n) {
			o = o.prev
		}
		if o == nil {
			return // the rest is in use
		}
		a.takeBack(now, o)
	}
}

func (a *Allocator) exceeds(n *Node) bool {
	if n.quota == nil {
		return false
	}
	for i, limit := range n.quota.limit {
		if limit != unlimited && n.reserved.at(i)+n.consumed.at(i) > limit {
			return true
		}
	}
	return false
}

// rescindForGuarantees takes back offers of other roles until what is free
// covers what the guarantees lack.
func (a *Allocator) rescindForGuarantees(now time.Time, roles []string) {
	for o := a.waiting.last; o != nil && !a.free.covers(a.tree.root.need); {
		next := o.prev
		own := slices.ContainsFunc(roles, func(role string) bool {
			n, ok := a.tree.roles[role]
			return ok && o.client.node.within(n)
		})
		if !own {
			a.takeBack(now, o)
		}
		o = next
	}
}

// within reports whether n is below role.
func (n *Node) within(role *Node) bool {
	for m := n; m != nil; m = m.parent {
		if m == role {
			return true
		}
	}
	return false
}
