"""Everything outside: one file per outside thing; adapters import no other adapter."""
