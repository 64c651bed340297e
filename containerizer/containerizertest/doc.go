// Package containerizertest is the conformance suite of package containerizer:
// every Containerizer passes [Run].
//
//	func TestConformance(t *testing.T) {
//		containerizertest.Run(t, containerizertest.Subject{New: …})
//	}
//
// What the commands of the tests do beyond the shell is done by the test
// binary itself: a program that imports this package and is executed with
// [ProgramArgument] as its first argument takes a role in a test instead of
// running main. Implementations with a file system of their own put such a
// program there and name it in Subject.Program.
package containerizertest
