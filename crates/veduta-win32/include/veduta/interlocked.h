/* The Interlocked functions, over the compiler's atomic builtins. winnt.h includes this; source does not.
   Exchange and compare return the old value, increment, decrement and add the new one, as on Windows. Without a suffix each is a full
   barrier. Where Windows has Acquire, Release and NoFence forms, so do we. */
#ifndef VEDUTA_INTERLOCKED_H
#define VEDUTA_INTERLOCKED_H

#include <winnt.h>

#define VEDUTA_INTERLOCKED_ARITHMETIC(order, size, type, success)                                                                    \
    static inline type InterlockedIncrement##order##size(type volatile *Addend) { return __atomic_add_fetch(Addend, 1, success); }    \
    static inline type InterlockedDecrement##order##size(type volatile *Addend) { return __atomic_sub_fetch(Addend, 1, success); }    \
    static inline type InterlockedAdd##order##size(type volatile *Addend, type Value) { return __atomic_add_fetch(Addend, Value, success); } \
    static inline type InterlockedExchangeAdd##order##size(type volatile *Addend, type Value) { return __atomic_fetch_add(Addend, Value, success); }

#define VEDUTA_INTERLOCKED_EXCHANGE(order, size, type, success, failure)                                                             \
    static inline type InterlockedExchange##order##size(type volatile *Target, type Value) { return __atomic_exchange_n(Target, Value, success); } \
    static inline type InterlockedCompareExchange##order##size(type volatile *Destination, type ExChange, type Comperand)             \
    {                                                                                                                                 \
        __atomic_compare_exchange_n(Destination, &Comperand, ExChange, 0, success, failure);                                          \
        return Comperand;                                                                                                             \
    }

#define VEDUTA_INTERLOCKED_LOGIC(size, order, type, success)                                                                         \
    static inline type InterlockedAnd##size##order(type volatile *Destination, type Value) { return __atomic_fetch_and(Destination, Value, success); } \
    static inline type InterlockedOr##size##order(type volatile *Destination, type Value) { return __atomic_fetch_or(Destination, Value, success); } \
    static inline type InterlockedXor##size##order(type volatile *Destination, type Value) { return __atomic_fetch_xor(Destination, Value, success); }

#define VEDUTA_INTERLOCKED(size, type)                                                                                               \
    VEDUTA_INTERLOCKED_ARITHMETIC(, size, type, __ATOMIC_SEQ_CST)                                                                     \
    VEDUTA_INTERLOCKED_ARITHMETIC(Acquire, size, type, __ATOMIC_ACQUIRE)                                                              \
    VEDUTA_INTERLOCKED_ARITHMETIC(Release, size, type, __ATOMIC_RELEASE)                                                              \
    VEDUTA_INTERLOCKED_ARITHMETIC(NoFence, size, type, __ATOMIC_RELAXED)                                                              \
    VEDUTA_INTERLOCKED_EXCHANGE(, size, type, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)                                                     \
    VEDUTA_INTERLOCKED_EXCHANGE(Acquire, size, type, __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE)                                              \
    VEDUTA_INTERLOCKED_EXCHANGE(Release, size, type, __ATOMIC_RELEASE, __ATOMIC_RELAXED)                                              \
    VEDUTA_INTERLOCKED_EXCHANGE(NoFence, size, type, __ATOMIC_RELAXED, __ATOMIC_RELAXED)                                              \
    VEDUTA_INTERLOCKED_LOGIC(size, , type, __ATOMIC_SEQ_CST)                                                                          \
    VEDUTA_INTERLOCKED_LOGIC(size, Acquire, type, __ATOMIC_ACQUIRE)                                                                   \
    VEDUTA_INTERLOCKED_LOGIC(size, Release, type, __ATOMIC_RELEASE)                                                                   \
    VEDUTA_INTERLOCKED_LOGIC(size, NoFence, type, __ATOMIC_RELAXED)

VEDUTA_INTERLOCKED(, LONG)
VEDUTA_INTERLOCKED(16, SHORT)
VEDUTA_INTERLOCKED(64, LONG64)
VEDUTA_INTERLOCKED_EXCHANGE(, 8, char, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)
VEDUTA_INTERLOCKED_EXCHANGE(, Pointer, PVOID, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)
VEDUTA_INTERLOCKED_EXCHANGE(Pointer, Acquire, PVOID, __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE)
VEDUTA_INTERLOCKED_EXCHANGE(Pointer, Release, PVOID, __ATOMIC_RELEASE, __ATOMIC_RELAXED)
VEDUTA_INTERLOCKED_EXCHANGE(Pointer, NoFence, PVOID, __ATOMIC_RELAXED, __ATOMIC_RELAXED)
VEDUTA_INTERLOCKED_LOGIC(8, , char, __ATOMIC_SEQ_CST)

#ifdef __cplusplus
/* C++ source may have a DWORD, an int64_t or a `long` where these want LONG and LONG64: the same functions for those types. */
extern "C++" {
VEDUTA_INTERLOCKED_ARITHMETIC(, , DWORD, __ATOMIC_SEQ_CST)
VEDUTA_INTERLOCKED_EXCHANGE(, , DWORD, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)
VEDUTA_INTERLOCKED_LOGIC(, , DWORD, __ATOMIC_SEQ_CST)
VEDUTA_INTERLOCKED_ARITHMETIC(, , long, __ATOMIC_SEQ_CST)
VEDUTA_INTERLOCKED_EXCHANGE(, , long, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)
VEDUTA_INTERLOCKED_LOGIC(, , long, __ATOMIC_SEQ_CST)
VEDUTA_INTERLOCKED_ARITHMETIC(, , unsigned long, __ATOMIC_SEQ_CST)
VEDUTA_INTERLOCKED_EXCHANGE(, , unsigned long, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)
VEDUTA_INTERLOCKED_LOGIC(, , unsigned long, __ATOMIC_SEQ_CST)
VEDUTA_INTERLOCKED_ARITHMETIC(, 64, long, __ATOMIC_SEQ_CST)
VEDUTA_INTERLOCKED_EXCHANGE(, 64, long, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)
VEDUTA_INTERLOCKED_LOGIC(64, , long, __ATOMIC_SEQ_CST)
VEDUTA_INTERLOCKED_ARITHMETIC(, 64, DWORD64, __ATOMIC_SEQ_CST)
VEDUTA_INTERLOCKED_EXCHANGE(, 64, DWORD64, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)
VEDUTA_INTERLOCKED_LOGIC(64, , DWORD64, __ATOMIC_SEQ_CST)
VEDUTA_INTERLOCKED_ARITHMETIC(, 64, unsigned long, __ATOMIC_SEQ_CST)
VEDUTA_INTERLOCKED_EXCHANGE(, 64, unsigned long, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)
VEDUTA_INTERLOCKED_LOGIC(64, , unsigned long, __ATOMIC_SEQ_CST)
}
#endif

/* The bit functions count bits from 0 and return the bit's old value. */
static inline BYTE InterlockedBitTestAndSet(LONG volatile *Base, LONG Bit)
{
    LONG mask = (LONG)(1u << (Bit & 31));
    return (__atomic_fetch_or(Base, mask, __ATOMIC_SEQ_CST) & mask) != 0;
}

static inline BYTE InterlockedBitTestAndReset(LONG volatile *Base, LONG Bit)
{
    LONG mask = (LONG)(1u << (Bit & 31));
    return (__atomic_fetch_and(Base, ~mask, __ATOMIC_SEQ_CST) & mask) != 0;
}

static inline BYTE InterlockedBitTestAndComplement(LONG volatile *Base, LONG Bit)
{
    LONG mask = (LONG)(1u << (Bit & 31));
    return (__atomic_fetch_xor(Base, mask, __ATOMIC_SEQ_CST) & mask) != 0;
}

#define VEDUTA_INTERLOCKED_ACCESS(size, type)                                                                                        \
    static inline type ReadAcquire##size(type const volatile *Source) { return __atomic_load_n(Source, __ATOMIC_ACQUIRE); }           \
    static inline type ReadNoFence##size(type const volatile *Source) { return __atomic_load_n(Source, __ATOMIC_RELAXED); }           \
    static inline void WriteRelease##size(type volatile *Destination, type Value) { __atomic_store_n(Destination, Value, __ATOMIC_RELEASE); } \
    static inline void WriteNoFence##size(type volatile *Destination, type Value) { __atomic_store_n(Destination, Value, __ATOMIC_RELAXED); }

VEDUTA_INTERLOCKED_ACCESS(, LONG)
VEDUTA_INTERLOCKED_ACCESS(8, char)
VEDUTA_INTERLOCKED_ACCESS(16, SHORT)
VEDUTA_INTERLOCKED_ACCESS(64, LONG64)
VEDUTA_INTERLOCKED_ACCESS(Pointer, PVOID)

static inline void MemoryBarrier(void)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* Tells the processor that this is a loop that spins. */
static inline void YieldProcessor(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

#define PreFetchCacheLine(level, address) __builtin_prefetch(address)
#define _ReadBarrier() __asm__ volatile("" : : : "memory")
#define _WriteBarrier() __asm__ volatile("" : : : "memory")
#define _ReadWriteBarrier() __asm__ volatile("" : : : "memory")

/* The names of the compiler's own forms. */
#define _InterlockedIncrement InterlockedIncrement
#define _InterlockedDecrement InterlockedDecrement
#define _InterlockedExchange InterlockedExchange
#define _InterlockedExchangeAdd InterlockedExchangeAdd
#define _InterlockedCompareExchange InterlockedCompareExchange
#define _InterlockedAnd InterlockedAnd
#define _InterlockedOr InterlockedOr
#define _InterlockedXor InterlockedXor
#define _InterlockedIncrement64 InterlockedIncrement64
#define _InterlockedDecrement64 InterlockedDecrement64
#define _InterlockedExchange64 InterlockedExchange64
#define _InterlockedExchangeAdd64 InterlockedExchangeAdd64
#define _InterlockedCompareExchange64 InterlockedCompareExchange64
#define _InterlockedAnd64 InterlockedAnd64
#define _InterlockedOr64 InterlockedOr64
#define _InterlockedXor64 InterlockedXor64
#define _InterlockedExchangePointer InterlockedExchangePointer
#define _InterlockedCompareExchangePointer InterlockedCompareExchangePointer

#endif
