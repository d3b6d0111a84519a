/* Which views a section's protection allows. */
#include "report.h"

static const struct {
    const char *name;
    DWORD access;
} accesses[] = {
    {"0", 0},
    {"R", FILE_MAP_READ},
    {"W", FILE_MAP_WRITE},
    {"C", FILE_MAP_COPY},
    {"R|W", FILE_MAP_READ | FILE_MAP_WRITE},
    {"ALL", FILE_MAP_ALL_ACCESS},
    {"R|C", FILE_MAP_READ | FILE_MAP_COPY},
    {"W|C", FILE_MAP_WRITE | FILE_MAP_COPY},
    {"X", FILE_MAP_EXECUTE},
    {"X|R", FILE_MAP_EXECUTE | FILE_MAP_READ},
    {"X|W", FILE_MAP_EXECUTE | FILE_MAP_WRITE},
    {"X|C", FILE_MAP_EXECUTE | FILE_MAP_COPY},
    {"X|ALL", FILE_MAP_EXECUTE | FILE_MAP_ALL_ACCESS},
    {"8", SECTION_MAP_EXECUTE},
};

/* Maps a section in every way: the protection of the view, which must be its first one too, or the error. */
static void every_access(HANDLE made)
{
    size_t i;
    NEED(made);
    for (i = 0; i < sizeof accesses / sizeof *accesses; i++) {
        volatile unsigned char *view = map(made, accesses[i].access);
        MEMORY_BASIC_INFORMATION about;
        if (!view) {
            say("%s=%u", accesses[i].name, last());
            continue;
        }
        about = query(view);
        say("%s=%s%s", accesses[i].name, protection(about.Protect),
            about.Protect == about.AllocationProtect ? "" : text("(at first %s)", protection(about.AllocationProtect)));
        unmap(view);
    }
    CloseHandle(made);
}

static void anonymous(DWORD protect)
{
    every_access(section(protect, 4096));
}

static void of_file(DWORD protect)
{
    HANDLE file = file_of(4096, ALL_USES);
    every_access(CreateFileMappingW(file, NULL, protect, 0, 0, NULL));
    CloseHandle(file);
}

static void prot_02(void) { anonymous(PAGE_READWRITE); }
static void prot_03(void) { anonymous(PAGE_WRITECOPY); }
static void prot_05(void) { anonymous(PAGE_EXECUTE_READWRITE); }
static void prot_06(void) { anonymous(PAGE_EXECUTE_WRITECOPY); }
static void prot_08(void) { of_file(PAGE_READWRITE); }
static void prot_09(void) { of_file(PAGE_WRITECOPY); }
static void prot_11(void) { of_file(PAGE_EXECUTE_READWRITE); }
static void prot_12(void) { of_file(PAGE_EXECUTE_WRITECOPY); }
static void prot_rule_01(void) { anonymous(PAGE_READONLY); }
static void prot_rule_02(void) { anonymous(PAGE_EXECUTE_READ); }
static void prot_rule_03(void) { of_file(PAGE_READONLY); }
static void prot_rule_04(void) { of_file(PAGE_EXECUTE_READ); }

static const struct fact facts[] = {
    {"PROT-02", prot_02},           {"PROT-03", prot_03},           {"PROT-05", prot_05},
    {"PROT-06", prot_06},           {"PROT-08", prot_08},           {"PROT-09", prot_09},
    {"PROT-11", prot_11},           {"PROT-12", prot_12},           {"PROT-rule-01", prot_rule_01},
    {"PROT-rule-02", prot_rule_02}, {"PROT-rule-03", prot_rule_03}, {"PROT-rule-04", prot_rule_04},
    {NULL, NULL},
};
static const struct role roles[] = {{NULL, NULL}};
REPORT(facts, roles)
