// What Boost.Interprocess has, for the driver (src/program.rs says how it asks).
//
// "contended" is as in posix.c: one mutex that this process and a partner lock and unlock without pause, counting under it, until both together
// have done so COUNT times.
//
// There is no "death": a mutex of Boost's stays locked when its owner dies. There is no "any1": nothing waits for one of several.
#include <boost/interprocess/anonymous_shared_memory.hpp>
#include <boost/interprocess/file_mapping.hpp>
#include <boost/interprocess/ipc/message_queue.hpp>
#include <boost/interprocess/mapped_region.hpp>
#include <boost/interprocess/shared_memory_object.hpp>
#include <boost/interprocess/sync/interprocess_mutex.hpp>
#include <boost/interprocess/sync/interprocess_semaphore.hpp>
#include <boost/interprocess/sync/scoped_lock.hpp>
#include <boost/version.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <new>
#include <string>
#include <sys/prctl.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

using namespace boost::interprocess;
using Clock = std::chrono::steady_clock;
// Does it so often; says how long all of it took.
using Turn = std::function<std::chrono::nanoseconds(long count)>;

constexpr std::size_t SMALL = 64 << 10, PAGE = 4096, PAGES = 1024;

template <typename Act> std::chrono::nanoseconds timed(long count, Act act)
{
    auto begun = Clock::now();
    for (long done = 0; done < count; done++)
        act();
    return Clock::now() - begun;
}

std::string unique(const std::string &suffix)
{
    return "bench-boost-" + std::to_string(getpid()) + "-" + suffix;
}

// A value in memory that partners inherit.
template <typename T> std::shared_ptr<T> shared()
{
    auto region = std::make_shared<mapped_region>(anonymous_shared_memory(sizeof(T)));
    return std::shared_ptr<T>(region, new (region->get_address()) T);
}

// Starts a process that ends with this one.
template <typename Role> void partner(Role role)
{
    pid_t parent = getpid(), pid = fork();
    if (pid < 0)
        throw std::runtime_error("fork");
    if (pid > 0)
        return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == parent)
        role();
    _exit(0);
}

// A shared memory object that a partner holds, and this process, too, if it keeps it.
class Held
{
  public:
    Held(const std::string &suffix, bool keep)
        : name(unique(suffix)), remover(name.c_str()), object(create_only, name.c_str(), read_write)
    {
        object.truncate(SMALL);
        partner([] {
            for (;;)
                pause();
        });
        if (!keep)
            object = shared_memory_object();
    }

    const std::string name;

  private:
    remove_shared_memory_on_destroy remover;
    shared_memory_object object;
};

Turn create()
{
    return [name = unique("created")](long count) {
        return timed(count, [&] {
            shared_memory_object(create_only, name.c_str(), read_write).truncate(SMALL);
            shared_memory_object::remove(name.c_str());
        });
    };
}

Turn open(std::shared_ptr<Held> held)
{
    return [held](long count) {
        return timed(count, [&] { shared_memory_object(open_only, held->name.c_str(), read_write); });
    };
}

Turn open_and_map(std::shared_ptr<Held> held)
{
    return [held](long count) {
        return timed(count, [&] {
            shared_memory_object object(open_only, held->name.c_str(), read_write);
            mapped_region region(object, read_write);
            *static_cast<volatile char *>(region.get_address()) = 1;
        });
    };
}

Turn map(std::size_t size)
{
    auto name = unique("mapped");
    auto object = std::make_shared<shared_memory_object>(create_only, name.c_str(), read_write);
    shared_memory_object::remove(name.c_str());
    object->truncate(static_cast<offset_t>(size));
    return [object](long count) { return timed(count, [&] { mapped_region(*object, read_write); }); };
}

Turn copy_on_write()
{
    auto directory = std::getenv("TMPDIR");
    auto path = (directory ? std::string(directory) : "/tmp") + "/" + unique("file");
    std::ofstream(path) << std::string(PAGE * PAGES, 1);
    auto file = std::make_shared<file_mapping>(path.c_str(), read_only);
    file_mapping::remove(path.c_str());
    return [file](long count) {
        std::chrono::nanoseconds time(0);
        for (; count > 0; count -= PAGES) {
            mapped_region region(*file, boost::interprocess::copy_on_write);
            auto page = static_cast<volatile char *>(region.get_address());
            time += timed(std::min<long>(count, PAGES), [&] {
                *page = 2;
                page += PAGE;
            });
        }
        return time;
    };
}

Turn event()
{
    struct Rally
    {
        interprocess_semaphore ping{0}, pong{0};
    };
    auto rally = shared<Rally>();
    partner([&] {
        for (;;) {
            rally->ping.wait();
            rally->pong.post();
        }
    });
    return [rally](long count) {
        return timed(count, [&] {
            rally->ping.post();
            rally->pong.wait();
        });
    };
}

Turn uncontended()
{
    auto mutex = shared<interprocess_mutex>();
    return [mutex](long count) {
        return timed(count, [&] { scoped_lock<interprocess_mutex> lock(*mutex); });
    };
}

// The mutex guards the counts, during a turn.
struct Contest
{
    interprocess_mutex mutex;
    long done = 0, wanted = 0;
    interprocess_semaphore go{0}, here{0};
    std::atomic<long> begun{0};

    void contend()
    {
        for (;;) {
            scoped_lock<interprocess_mutex> lock(mutex);
            if (done >= wanted)
                return;
            done++;
        }
    }
};

Turn contended()
{
    auto contest = shared<Contest>();
    partner([&] {
        for (long turn = 1;; turn++) {
            contest->go.wait();
            contest->here.post();
            while (contest->begun < turn)
                std::this_thread::yield();
            contest->contend();
        }
    });
    return [contest](long count) {
        // Once the partner is here it has left the last turn, and looks for the next one to begin: nobody has to be woken then.
        contest->go.post();
        contest->here.wait();
        contest->done = 0;
        contest->wanted = count;
        return timed(1, [&] {
            contest->begun++;
            contest->contend();
        });
    };
}

Turn ring(std::size_t size)
{
    // 1 MiB of them, and a few at least: with room for less both sides sleep more often.
    auto room = std::max<std::size_t>((1 << 20) / size, 4);
    struct Received
    {
        std::atomic<long> expected{0};
        interprocess_semaphore all{0};
    };
    auto received = shared<Received>();
    auto name = unique("ring");
    auto queue = std::make_shared<message_queue>(create_only, name.c_str(), room, size);
    message_queue::remove(name.c_str());
    auto message = std::vector<char>(size, 1);
    partner([&] {
        for (long seen = 1;; seen++) {
            message_queue::size_type got;
            unsigned priority;
            queue->receive(message.data(), size, got, priority);
            if (seen == received->expected) {
                seen = 0;
                received->all.post();
            }
        }
    });
    return [=](long count) {
        received->expected = count;
        return timed(count > 0, [&] {
            for (long done = 0; done < count; done++)
                queue->send(message.data(), size, 0);
            received->all.wait();
        });
    };
}

// How each work is set up.
std::map<std::string, std::function<Turn()>> works()
{
    return {
        {"create", create},
        {"open", [] { return open(std::make_shared<Held>("open", false)); }},
        {"openmap", [] { return open_and_map(std::make_shared<Held>("openmap", false)); }},
        {"openmap-held", [] { return open_and_map(std::make_shared<Held>("openmap-held", true)); }},
        {"map64k", [] { return map(SMALL); }},
        {"map1g", [] { return map(1 << 30); }},
        {"cow", ::copy_on_write},
        {"event", event},
        {"lock", uncontended},
        {"contended", contended},
        {"ring64", [] { return ring(64); }},
        {"ring4k", [] { return ring(4 << 10); }},
        {"ring1m", [] { return ring(1 << 20); }},
    };
}

} // namespace

int main()
{
    // Whoever interrupts the driver ends our input, and then names are removed.
    std::signal(SIGINT, SIG_IGN);
    const auto works = ::works();
    std::map<std::string, Turn> ready;
    std::string what;
    long count;
    while (std::cin >> what >> count) {
        auto work = works.find(what);
        if (work != works.end()) {
            if (!ready.count(what))
                ready[what] = work->second();
            std::cout << ready[what](count).count() << std::endl;
        } else {
            std::cout << (what == "version" ? BOOST_LIB_VERSION : "-") << std::endl;
        }
    }
}
