//go:build !invariants

package offers

// audit checks the allocator's books in builds with the tag invariants.
func (a *Allocator) audit() {}

const audited = false
