class ChangePoint: pass
def change_point(h): pass
