// Package writeahead keeps the order between what is written and what is done:
// nothing is done before what it rests on is durable.
//
// The owner of a core adds what each step changed and wants done. Changes go
// to the store in the background; what was to be done comes back in order once
// they are there. While one write is under way the next gathers, and goes as
// one: a store that is slow makes groups larger, not the owner slower. Where
// there is nothing to write and nothing pending, what is to be done passes at
// once.
//
//	for {
//		core.Step(…)
//		log.Add(core.Changes(), core.Effects())
//		effects, err := log.Take(effects)
//		// carry them out; err ends the owner
//		select {
//		case <-log.Ready():
//		case …
//		}
//	}
//
// A write that fails is the end: what waits for it is never done, and what the
// store holds is a state that the owner can start from again.
//
// Goroutines: one, which ends with Close.
package writeahead
