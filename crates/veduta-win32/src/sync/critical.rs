//! Critical sections, slim locks, condition variables: for the threads of one process.
