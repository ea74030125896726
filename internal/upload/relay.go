package upload

import (
	"fmt"
	"runtime/debug"
)

// relay has a goroutine fill buffers while others are used, so that two processors share the work.
type relay[B any] struct {
	full, free chan *filled[B]
	stop, done chan struct{}
	current    *filled[B]
}

// filled is a buffer, and how filling it ended.
type filled[B any] struct {
	buffer B
	err    error // comes after what is in the buffer, and ends all
	fault  any   // what fill panicked with, and where
}

// newRelay fills as many buffers as there are, in turn, until fill fails. It must be closed.
func newRelay[B any](buffers []B, fill func(*B) error) *relay[B] {
	r := &relay[B]{
		full: make(chan *filled[B], len(buffers)),
		free: make(chan *filled[B], len(buffers)),
		stop: make(chan struct{}),
		done: make(chan struct{}),
	}
	for _, b := range buffers {
		r.free <- &filled[B]{buffer: b}
	}
	go r.run(fill)
	return r
}

// run never waits to hand a buffer over: there is room for all of them.
func (r *relay[B]) run(fill func(*B) error) {
	defer close(r.done)
	for {
		select {
		case <-r.stop:
			return
		case f := <-r.free:
			f.fill(fill)
			r.full <- f
			if f.err != nil || f.fault != nil {
				return
			}
		}
	}
}

// fill hands a panic over to who uses the buffers: on a goroutine of its own it would end the process.
func (f *filled[B]) fill(fill func(*B) error) {
	defer func() {
		if fault := recover(); fault != nil {
			f.fault = fmt.Sprintf("%v\n\n%s", fault, debug.Stack())
		}
	}()
	f.err = fill(&f.buffer)
}

// next gives the buffer in use back and returns the next one, which may be empty. After the last one it fails as fill did.
func (r *relay[B]) next() (*B, error) {
	if r.current != nil {
		if r.current.fault != nil {
			panic(r.current.fault)
		}
		if r.current.err != nil {
			return nil, r.current.err
		}
		r.free <- r.current
	}
	r.current = <-r.full
	return &r.current.buffer, nil
}

// close waits until nothing is filled any more.
func (r *relay[B]) close() {
	close(r.stop)
	<-r.done
}
