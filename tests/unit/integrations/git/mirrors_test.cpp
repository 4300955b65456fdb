// Which names lead to a repository, and that none leads out of the folder.
#include <catch2/catch.hpp>

#include "integrations/git/mirrors.hpp"
#include "tests/unit/integrations/git/mirror.hpp"

namespace mirrors_test {

using namespace gumshoe;
using namespace gumshoe::test;

TEST_CASE("A mirror's name is a path of plain segments") {
    for (const auto* good : {"shop", "shop.js", "team/shop", "a/b/c/d", "Shop_2-x"}) CHECK(git::parse_mirror(good).value() == good);
    for (const std::string bad : {"", ".", "..", "../shop", "shop/..", "team/../../etc", "/etc", "shop/", "team//shop", ".hidden", "-x",
                                  "_x", "sh op", "shop\n", "C:\\shop", "a/b/c/d/e", "shop?x", "git:shop"}) {
        INFO(bad);
        CHECK(git::parse_mirror(bad).error().code == errc::invalid_argument);
    }
    CHECK_FALSE(git::parse_mirror(std::string(101, 'a')));
    CHECK_FALSE(git::parse_mirror(std::string("shop\0x", 6)));
}

TEST_CASE_METHOD(Mirrors, "A mirror is a folder of its name, bare or not, alone or in a group") {
    create("shop");
    std::filesystem::create_directories(folder("team"));
    create("team/cart");
    git({"clone", "-q", "--mirror", "shop", "payments.git"}, "");
    std::filesystem::create_directories(folder("notes"));
    CHECK(git::list_mirrors(root) == std::vector<std::string>{"payments", "shop", "team/cart"});
    CHECK(git::mirror_folder(root, "shop").value() == root / "shop");
    CHECK(git::mirror_folder(root, "payments").value() == root / "payments.git");
    CHECK(git::mirror_folder(root, "payments.git").value() == root / "payments.git");
    CHECK(git::mirror_folder(root, "team/cart").value() == root / "team/cart");
    CHECK(git::mirror_folder(root, "notes").error().code == errc::not_found);
    CHECK(git::mirror_folder(root, "nothing").error().message == "the folder of mirrors has no repository nothing or nothing.git");
    CHECK(git::mirror_folder(root, "../mirrors/shop").error().code == errc::invalid_argument);
}

TEST_CASE_METHOD(Mirrors, "No link and no file leads out of the folder of mirrors") {
    create("shop");
    commit("first", std::chrono::hours(1));
    const auto elsewhere = scratch / "elsewhere";
    std::filesystem::rename(folder("shop"), elsewhere);

    std::filesystem::create_directory_symlink(elsewhere, folder("linked"));
    CHECK(git::mirror_folder(root, "linked").error().code == errc::forbidden);
    CHECK(open("linked").error().message == "the mirror linked leads out of the folder of mirrors");

    std::filesystem::create_directories(folder("pointed"));
    write_file(folder("pointed") / ".git", "gitdir: " + (elsewhere / ".git").string() + "\n");
    CHECK(open("pointed").error().message == "the mirror pointed leads out of the folder of mirrors");

    std::filesystem::rename(elsewhere, folder("inside"));
    std::filesystem::create_directory_symlink(folder("inside"), folder("alias"));
    CHECK(open("alias"));
    CHECK(open("inside"));
}

}  // namespace mirrors_test
