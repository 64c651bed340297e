// Package offerstest tests policies and agent orders of the allocator: those
// of package offers/policy and your own.
//
//	func TestMyPolicy(t *testing.T) {
//		offerstest.TestPolicy(t, func() offers.Policy { return newMyPolicy() })
//	}
package offerstest
