// Package registrytest is the conformance suite of package scheduler/registry:
// every Registry passes [Run].
//
//	func TestConformance(t *testing.T) {
//		registrytest.Run(t, registrytest.Subject{Open: …})
//	}
package registrytest
